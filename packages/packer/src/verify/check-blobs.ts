import {
  type BlobRef,
  deltaBlobs,
  imageFilesOf,
  type Manifest,
  pieceDigests,
  pieceRange,
  segmentPath,
  sha256,
} from "@selvedge/protocol";
import type { BlobSource } from "../registry/blob-source.ts";
import { digestFile } from "../registry/digest-file.ts";
import { type FileRange, readRange } from "../registry/file-range.ts";
import type { ModelFolder } from "../registry/registry.ts";
import type { Problem } from "./problem.ts";

/** Where blobs that are as they should be lie, by their digest. */
export type Contents = ReadonlyMap<string, FileRange>;

/**
 * Checks the digest of every segment, blob and piece that a manifest speaks of. Where the registry has
 * the right bytes of a damaged one in another place, it says which bytes are wrong; where not, in
 * which megabyte they are.
 */
export async function checkBlobs(
  folder: ModelFolder,
  manifest: Manifest,
  source: BlobSource,
): Promise<{ problems: Problem[]; contents: Contents }> {
  const problems: Problem[] = [];
  const contents = new Map<string, FileRange>();
  const sizes: (number | undefined)[] = [];
  for (const segment of manifest.segments) {
    const stored = await digestFile(folder.segmentFile(segment.sha256)).catch(() => undefined);
    sizes.push(stored?.bytes);
    const file = segmentPath(manifest.name, segment.sha256);
    const complain = (what: string): void => {
      problems.push({ part: "segment", message: `${file}: ${what}. Restore the file.` });
    };
    if (stored === undefined) complain("missing, or not readable");
    else if (stored.bytes !== segment.bytes)
      complain(`${stored.bytes} bytes instead of ${segment.bytes}`);
    else if (stored.sha256 !== segment.sha256) complain("does not match its digest");
  }
  for (const { blob, part, label } of blobsWithLabels(manifest)) {
    const { segment, offset, length } = blob.at;
    const size = sizes[segment];
    if (size === undefined) continue;
    const digest = manifest.segments[segment]?.sha256 ?? "";
    const place = { path: folder.segmentFile(digest), offset, length };
    const there = Math.max(0, Math.min(length, size - offset));
    const content = readRange({ ...place, length: there });
    const file = segmentPath(manifest.name, digest);
    const damaged = await damagedRanges(content, blob);
    const right = damaged.length === 0 ? undefined : await source.find(blob.sha256);
    for (const { start, end } of damaged) {
      const range = { file, start: offset + start, end: offset + end };
      const { what, at } =
        right === undefined
          ? {
              what: `bytes ${range.start} to ${range.end} of ${file} do not match their digest`,
              at: range,
            }
          : wrongBytes(content, right, { start, end, range });
      problems.push({ part, message: `${label}: ${what}. Restore the file.`, at });
    }
    if (damaged.length === 0) contents.set(blob.sha256, place);
  }
  return { problems, contents };
}

/** Says which bytes of a range are not the right ones. */
function wrongBytes(
  content: Uint8Array,
  right: Uint8Array,
  {
    start,
    end,
    range,
  }: { readonly start: number; readonly end: number; readonly range: NonNullable<Problem["at"]> },
): { what: string; at: NonNullable<Problem["at"]> } {
  const wrong: number[] = [];
  for (let i = start; i < end; i++) if (content[i] !== right[i]) wrong.push(i);
  const [first = start, last = first] = [wrong[0], wrong.at(-1)];
  const shift = range.start - start;
  const at = { file: range.file, start: first + shift, end: last + 1 + shift };
  const hex = (byte: number | undefined): string =>
    byte === undefined ? "missing" : `0x${byte.toString(16).padStart(2, "0")}`;
  const is = `is ${hex(content[first])} instead of ${hex(right[first])}, at byte ${at.start} of ${at.file}`;
  return {
    what:
      wrong.length === 1
        ? `byte ${first} ${is}`
        : `${wrong.length} of the bytes from ${first} to ${last} are wrong: the first ${is}`,
    at,
  };
}

async function damagedRanges(
  content: Uint8Array<ArrayBuffer>,
  blob: BlobRef,
): Promise<{ start: number; end: number }[]> {
  const damaged: { start: number; end: number }[] = [];
  for (const [index, digest] of pieceDigests(blob).entries()) {
    const range = pieceRange(blob.bytes, index);
    if ((await sha256(content.subarray(range.start, range.end))) !== digest) damaged.push(range);
  }
  const isWhole = damaged.length > 0 || (await sha256(content)) === blob.sha256;
  return isWhole ? damaged : [{ start: 0, end: blob.bytes }];
}

function blobsWithLabels(
  manifest: Manifest,
): { blob: BlobRef; part: Problem["part"]; label: string }[] {
  return [
    ...manifest.variants.flatMap(({ dtype, graph, tensors }) => [
      { blob: graph, part: "graph" as const, label: `Graph of ${dtype}` },
      ...tensors.map((blob) => ({
        blob,
        part: "tensor" as const,
        label: `Tensor "${blob.name}" of ${dtype}`,
      })),
    ]),
    ...manifest.attachments.map((blob) => ({
      blob,
      part: "attachment" as const,
      label: `Attachment "${blob.name}"`,
    })),
    ...manifest.golden.cases.flatMap(({ inputs, outputs }, index) =>
      [...inputs, ...outputs].map((blob) => ({
        blob,
        part: "golden" as const,
        label: `Golden tensor "${blob.name}" of case ${index}`,
      })),
    ),
    ...deltaBlobs(manifest).map((blob) => ({
      blob: blob.delta,
      part: "delta" as const,
      label: `Delta of ${blob.name === undefined ? "a graph" : `"${blob.name}"`}`,
    })),
    ...imageFilesOf(manifest).map((blob) => ({
      blob,
      part: "image" as const,
      label: "A file of a shipped image",
    })),
  ];
}
