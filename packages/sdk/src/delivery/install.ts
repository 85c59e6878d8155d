import { type BlobRef, type Dtype, type Manifest, SelvedgeError } from "@selvedge/protocol";
import { type ResolvedPack, resolvePack } from "../channel/resolve.ts";
import type { Database } from "../store/database.ts";
import {
  activate,
  findManifestText,
  neededBlobs,
  requireBackend,
  totalBytes,
} from "../store/packs.ts";
import { missingPieces, type Piece, putPieces } from "../store/pieces.ts";
import type { Installed, PackSelector, Progress } from "../worker/keeper-api.ts";
import { fetchPieces } from "./fetch-pieces.ts";
import { planBytes, planFetch } from "./plan.ts";

/** Pieces are written in transactions of about this size: one each costs four times as much. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** A piece may vanish while others are fetched (another tab clears the cache); then it is fetched again. */
const ROUNDS = 3;

/**
 * Makes the pack a selector means complete and active: resolves it, fetches the pieces the store
 * lacks, verifies each, stores it, and makes the pack visible at the end, in one transaction. What was
 * stored before an error or an abort stays, and is not fetched again.
 */
export async function install(
  database: Database,
  selector: PackSelector,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<Installed> {
  const startedAt = performance.now();
  const report = (phase: Progress["phase"], loaded: number, total: number) =>
    onProgress({ phase, file: selector.name, loaded, total });
  report("resolve", 0, 0);
  const pack = await resolvePack(selector, {
    signal,
    stored: (digest) => findManifestText(database, digest),
  });
  const resolvedAt = performance.now();
  const dtype = chooseDtype(pack.manifest, selector);
  const needs = neededBlobs(pack.manifest, dtype);
  const total = totalBytes(needs);
  let fetchedBytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const plan = planFetch(pack.manifest.segments, needs, await missingPieces(database, needs));
    let loaded = total - planBytes(plan);
    report("fetch", loaded, total);
    let unwritten: Piece[] = [];
    let unwrittenBytes = 0;
    const write = async () => {
      await putPieces(database, unwritten);
      unwritten = [];
      unwrittenBytes = 0;
    };
    try {
      for (const range of plan)
        for await (const piece of fetchPieces(range, { ...selector, signal })) {
          unwritten.push(piece);
          unwrittenBytes += piece.bytes.byteLength;
          fetchedBytes += piece.bytes.byteLength;
          loaded += piece.bytes.byteLength;
          report("fetch", loaded, total);
          if (unwrittenBytes >= WRITE_BYTES) await write();
        }
    } finally {
      await write();
    }
    if (await makeVisible(database, { pack, dtype, needs, selector }))
      return {
        digest: pack.digest,
        version: pack.manifest.version,
        dtype,
        bytes: total,
        fetchedBytes,
        resolveMs: resolvedAt - startedAt,
        fetchMs: performance.now() - resolvedAt,
      };
  }
  throw new SelvedgeError(
    "storage-damaged",
    `${selector.name}: stored pieces kept disappearing while it was installed. Another tab may be clearing the cache; try again.`,
  );
}

/** The dtype a selector means: the one it names, or the first that can run where it serves first. */
export function chooseDtype(
  manifest: Manifest,
  { dtype, backend }: Pick<PackSelector, "dtype" | "backend">,
): Dtype {
  if (dtype !== "auto") {
    requireBackend(manifest, dtype, backend);
    return dtype;
  }
  const first = manifest.variants.find(
    ({ engine, backends }) => engine === "onnx" && backends.includes(backend),
  );
  if (first !== undefined) return first.dtype;
  throw new SelvedgeError(
    "no-candidate",
    `${manifest.name}@${manifest.version} has no variant for onnx on ${backend}, which this version of Selvedge needs. Pack one, or update Selvedge.`,
  );
}

function makeVisible(
  database: Database,
  {
    pack,
    dtype,
    needs,
    selector,
  }: {
    pack: ResolvedPack;
    dtype: Dtype;
    needs: readonly BlobRef[];
    selector: PackSelector;
  },
): Promise<boolean> {
  const { digest, text, manifest } = pack;
  const { name, version } = manifest;
  return activate(database, {
    pack: { digest, registry: selector.registry, name, version, manifest: text, dtype },
    needs,
    selector,
  });
}
