import { stat } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import {
  applyTensorDelta,
  blobsOf,
  type DeltaBlob,
  deltaBlobs,
  imageFilesOf,
  sha256,
} from "@selvedge/protocol";
import { readRange } from "./file-range.ts";
import type { ModelFolder } from "./registry.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A place where a blob lies. */
interface Place {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Finds the right bytes of blobs in a registry, wherever any of its versions has them: in a segment,
 * or at the end of a delta from something else that is there.
 */
export class BlobSource {
  readonly #places = new Map<string, Place[]>();
  readonly #deltas = new Map<string, DeltaBlob[]>();

  /** Looks at what the manifests of a folder say; those that cannot be read have nothing to offer. */
  static async open(folder: ModelFolder): Promise<BlobSource> {
    const source = new BlobSource();
    for (const version of await folder.versions()) {
      const stored = await folder.manifest(version).catch(() => undefined);
      if (stored === undefined) continue;
      const { manifest } = stored;
      const deltas = deltaBlobs(manifest).map(({ delta }) => delta);
      for (const blob of [...blobsOf(manifest), ...deltas, ...imageFilesOf(manifest)]) {
        const segment = manifest.segments[blob.at.segment]?.sha256 ?? "";
        const { offset, length } = blob.at;
        source.#add(blob.sha256, { path: folder.segmentFile(segment), offset, length });
      }
      for (const blob of deltaBlobs(manifest))
        source.#deltas.set(blob.sha256, [...(source.#deltas.get(blob.sha256) ?? []), blob]);
    }
    return source;
  }

  /** Whether any version has such a blob. */
  has(digest: string): boolean {
    return this.#places.has(digest);
  }

  /** A blob's bytes, `undefined` where they are nowhere as they should be. */
  async find(digest: string): Promise<Bytes | undefined> {
    return (await this.read(digest)) ?? (await this.#fromDelta(digest));
  }

  /** The same, without undoing deltas. */
  async read(digest: string): Promise<Bytes | undefined> {
    for (const place of this.#places.get(digest) ?? []) {
      const bytes = await readIfWhole(place);
      if (bytes !== undefined && (await sha256(bytes)) === digest) return bytes;
    }
    return undefined;
  }

  async #fromDelta(digest: string): Promise<Bytes | undefined> {
    for (const blob of this.#deltas.get(digest) ?? []) {
      const [base, delta] = [await this.read(blob.delta.base), await this.read(blob.delta.sha256)];
      const bytes = base && delta && undoDelta(blob, base, delta);
      if (bytes !== undefined && (await sha256(bytes)) === digest) return bytes;
    }
    return undefined;
  }

  #add(digest: string, place: Place): void {
    const places = this.#places.get(digest) ?? [];
    const isKnown = places.some(
      ({ path, offset }) => path === place.path && offset === place.offset,
    );
    if (!isKnown) this.#places.set(digest, [...places, place]);
  }
}

/** What a delta makes of its base; `undefined` where it is none. */
export function undoDelta(blob: DeltaBlob, base: Bytes, packed: Bytes): Bytes | undefined {
  try {
    // No more than it has to give: gzip can hide any size.
    const delta = gunzipSync(packed, { maxOutputLength: Math.max(1, blob.bytes) });
    return applyTensorDelta(blob.dtype, base, new Uint8Array(delta));
  } catch {
    return undefined;
  }
}

async function readIfWhole(place: Place): Promise<Bytes | undefined> {
  const size = await stat(place.path).then(
    (stats) => (stats.isFile() ? stats.size : 0),
    () => 0,
  );
  return place.offset + place.length <= size ? readRange(place) : undefined;
}
