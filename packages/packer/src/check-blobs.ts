import { readFile } from "node:fs/promises";
import {
  type BlobRef,
  deltaBlobs,
  type Manifest,
  pieceDigests,
  pieceRange,
  segmentPath,
  sha256,
} from "@selvedge/protocol";
import type { Problem } from "./problem.ts";
import type { ModelFolder } from "./registry.ts";

/** Bytes by their digest. */
export type Contents = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/** Checks the digest of every segment, blob and piece that a manifest speaks of. */
export async function checkBlobs(
  folder: ModelFolder,
  manifest: Manifest,
): Promise<{ problems: Problem[]; contents: Contents }> {
  const problems: Problem[] = [];
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  const segments: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  for (const segment of manifest.segments) {
    const bytes = await readFile(folder.segmentFile(segment.sha256)).catch(() => undefined);
    segments.push(bytes);
    const file = segmentPath(manifest.name, segment.sha256);
    const complain = (what: string): void => {
      problems.push({ part: "segment", message: `${file}: ${what}. Restore the file.` });
    };
    if (bytes === undefined) complain("missing, or not readable");
    else if (bytes.length !== segment.bytes)
      complain(`${bytes.length} bytes instead of ${segment.bytes}`);
    else if ((await sha256(bytes)) !== segment.sha256) complain("does not match its digest");
  }
  for (const { blob, part, label } of blobsWithLabels(manifest)) {
    const { segment, offset, length } = blob.at;
    const bytes = segments[segment];
    if (bytes === undefined) continue;
    const content = bytes.subarray(offset, offset + length);
    const file = segmentPath(manifest.name, manifest.segments[segment]?.sha256 ?? "");
    const damaged = await damagedRanges(content, blob);
    for (const { start, end } of damaged) {
      const at = { file, start: offset + start, end: offset + end };
      const message = `${label}: bytes ${at.start} to ${at.end} of ${file} do not match their digest. Restore the file.`;
      problems.push({ part, message, at });
    }
    if (damaged.length === 0) contents.set(blob.sha256, content);
  }
  return { problems, contents };
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
  ];
}
