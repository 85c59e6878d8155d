import { type Dtype, type Manifest, SelvedgeError } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { findActive, findPack, touchPack, variantOf } from "../store/packs.ts";
import { readBlobs } from "../store/pieces.ts";
import type { PackRequest } from "../worker/engine-api.ts";
import type { SessionSource } from "./engine-session.ts";

/** A pack read from the store, verified, ready for a session. */
export interface ReadPack {
  readonly digest: string;
  readonly dtype: Dtype;
  readonly manifest: Manifest;
  readonly source: SessionSource;
}

/**
 * Reads a pack from the store.
 *
 * @returns `undefined` where nothing is active for the selector.
 * @throws SelvedgeError `storage-damaged` where a piece is missing or damaged.
 */
export async function openPack(
  database: Database,
  request: PackRequest,
): Promise<ReadPack | undefined> {
  const wanted =
    request.by === "digest" ? request : await findActive(database, request.selector);
  if (wanted === undefined) return undefined;
  const { digest, dtype } = wanted;
  const pack = await findPack(database, digest);
  if (pack === undefined) {
    if (request.by === "selector") return undefined;
    throw new SelvedgeError(
      "storage-damaged",
      `The stored pack ${digest} is gone: the cache was cleared, or the browser evicted it. Load the model again.`,
    );
  }
  const variant = variantOf(pack.manifest, dtype);
  const [graph, ...buffers] = await readBlobs(database, [variant.graph, ...variant.tensors]);
  if (graph === undefined) throw new Error("readBlobs answered fewer buffers than it was asked for");
  await touchPack(database, digest);
  return {
    digest,
    dtype,
    manifest: pack.manifest,
    source: {
      graph,
      tensors: variant.tensors.map(({ sha256 }, i) => ({
        name: sha256,
        data: buffers[i] ?? new ArrayBuffer(0),
      })),
    },
  };
}
