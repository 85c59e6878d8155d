import { open } from "node:fs/promises";
import {
  type BlobRef,
  type Dtype,
  type GoldenCase,
  type Manifest,
  SelvedgeError,
  segmentPath,
  sha256,
  type Variant,
} from "@selvedge/protocol";
import type { ModelFolder } from "./registry.ts";

/** The version that deltas of another start from. */
export class BaseVersion {
  readonly #folder: ModelFolder;
  readonly #manifest: Manifest;

  private constructor(folder: ModelFolder, manifest: Manifest) {
    this.#folder = folder;
    this.#manifest = manifest;
  }

  /** @throws SelvedgeError `not-found` with the versions there are, or `manifest-invalid`. */
  static async open(folder: ModelFolder, version: string): Promise<BaseVersion> {
    return new BaseVersion(folder, (await folder.manifest(version)).manifest);
  }

  /** The graph and the weights of a precision, where the base has it. */
  variant(
    dtype: Dtype,
    requires: readonly string[] = [],
  ): Pick<Variant, "graph" | "tensors"> | undefined {
    const same = this.#manifest.variants.filter((variant) => variant.dtype === dtype);
    return same.find((variant) => variant.requires.join() === requires.join()) ?? same[0];
  }

  golden(index: number): GoldenCase | undefined {
    return this.#manifest.golden.cases[index];
  }

  /** @throws SelvedgeError `registry-invalid` where the bytes are not there, or not what they were. */
  async read({ at, sha256: digest }: BlobRef): Promise<Uint8Array<ArrayBuffer>> {
    const { name, version, segments } = this.#manifest;
    const segment = segments[at.segment]?.sha256 ?? "";
    const bytes = await readRange(this.#folder.segmentFile(segment), at).catch(() => undefined);
    if (bytes !== undefined && (await sha256(bytes)) === digest) return bytes;
    throw new SelvedgeError(
      "registry-invalid",
      `${segmentPath(name, segment)} is missing or damaged, so that ${name}@${version} cannot be the base of deltas. Restore the file, or pack ${version} again.`,
    );
  }
}

async function readRange(
  path: string,
  { offset, length }: BlobRef["at"],
): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(length);
    await file.read(bytes, 0, length, offset);
    return bytes;
  } finally {
    await file.close();
  }
}
