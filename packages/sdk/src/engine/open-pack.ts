import { type Manifest, SelvedgeError, type TensorRef } from "@selvedge/protocol";
import { findActive } from "../store/activations.ts";
import { chooseVariant, findVariant, type RunnableVariant } from "../store/choose-variant.ts";
import type { Database } from "../store/database.ts";
import { findPack, neededBlobs, totalBytes, touchPack } from "../store/packs.ts";
import { missingPieces, pieceId, pieceKeys, readBlobs } from "../store/pieces.ts";
import type { PackRequest } from "../worker/engine-api.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { SessionSource } from "./engine-session.ts";
import { StoredTensor } from "./stored-tensor.ts";

/** A pack read from the store, verified, ready for a session. */
export interface ReadPack {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly variant: RunnableVariant;
  /** As in `Opened`. */
  readonly signedBy: Readonly<Record<string, readonly string[]>>;
  /** Model bytes of this variant, golden answers and attachments included. */
  readonly bytes: number;
  readonly source: SessionSource;
}

/** How the tensors of a pack are read. */
export interface ReadHow {
  /** Whether the runtime asks for each tensor when it needs it: only the builds with JSPI do. */
  readonly isOnDemand?: boolean;
}

/**
 * Reads a pack from the store. One that is opened by selector has to be whole, attachments and golden
 * answers too, as that is when what is missing can be installed.
 *
 * @returns `undefined` where nothing is active for the selector.
 * @throws SelvedgeError `storage-damaged` where a piece is missing or damaged, `no-candidate` where
 * the device cannot run what is opened by digest.
 */
export async function openPack(
  database: Database,
  request: PackRequest,
  { isOnDemand = false }: ReadHow = {},
): Promise<ReadPack | undefined> {
  if (request.by === "bytes") hold(database, request);
  const wanted =
    request.by === "selector" ? (await findActive(database, request.selector))?.current : request;
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
  // An activation is no more than a note; a damaged one may name any pack there is.
  if (request.by === "selector" && !isOf(pack.manifest, request.selector)) return undefined;
  const variant =
    request.by === "selector"
      ? findVariant(pack.manifest, { ...request.selector, dtype })
      : chooseVariant(pack.manifest, request);
  // What was active is no longer for this device: the keeper finds what is.
  if (variant === undefined) return undefined;
  const needs = neededBlobs(pack.manifest, variant);
  // What was handed over is in memory already.
  const isLater = isOnDemand && variant.engine === "onnx" && request.by !== "bytes";
  const ahead = isLater ? [] : variant.tensors;
  const [missing, [graph, ...buffers]] = await Promise.all([
    missingPieces(database, request.by === "selector" ? needs : later(variant, ahead)),
    readBlobs(database, [variant.graph, ...ahead]),
  ]);
  if (missing.size > 0)
    throw new SelvedgeError(
      "storage-damaged",
      `${missing.size} stored piece(s) of ${pack.record.name}@${pack.record.version} are missing. Load the model again to fetch them.`,
      { detail: { pieces: [...missing] } },
    );
  if (graph === undefined)
    throw new Error("readBlobs answered fewer buffers than it was asked for");
  // A note for people who tidy up: neither waited for nor worth failing for, say for want of room.
  touchPack(database, digest).catch(() => undefined);
  // The session has these from here on; golden answers may be asked for again.
  database.memory.drop([variant.graph, ...ahead].flatMap(pieceKeys).map(pieceId));
  return {
    digest,
    manifest: pack.manifest,
    variant,
    signedBy: pack.record.signedBy ?? {},
    bytes: totalBytes(needs),
    source: sourceOf(database, variant, [graph, ...buffers]),
  };
}

/** Tensors that are not read ahead, of which only is looked whether they are there. */
function later({ tensors }: RunnableVariant, ahead: readonly TensorRef[]): readonly TensorRef[] {
  return tensors.slice(ahead.length);
}

function sourceOf(
  database: Database,
  { tensors }: RunnableVariant,
  [graph = new ArrayBuffer(0), ...buffers]: readonly ArrayBuffer[],
): SessionSource {
  let failure: unknown;
  const onFailure = (reason: unknown) => {
    failure = reason;
  };
  return {
    graph,
    tensors: tensors.map((blob, i) => ({
      name: blob.sha256,
      data: buffers[i] ?? new StoredTensor({ database, blob, onFailure }),
    })),
    get failure() {
      return failure;
    },
  };
}

/**
 * The bytes of a pack that is open.
 *
 * @throws SelvedgeError `storage-damaged` where they are not in the store any more.
 */
export async function readSource(
  database: Database,
  pack: Omit<PackRequest & { readonly by: "digest" }, "by">,
): Promise<SessionSource> {
  const read = await openPack(database, { by: "digest", ...pack });
  if (read === undefined) throw new Error("a pack opened by digest is there or throws");
  return read.source;
}

/** Keeps a pack that was handed over where it is looked for first. */
function hold(
  { memory }: Database,
  { digest, dtype, manifest, signedBy, pieces }: PackRequest & { readonly by: "bytes" },
): void {
  const now = Date.now();
  const dates = { installedAt: now, usedAt: now };
  const origin = { registry: "", name: "", version: "" };
  const record = { digest, ...origin, manifest, signedBy, dtypes: [dtype], ...dates };
  memory.packs.set(digest, record);
  memory.hold(pieces);
}

function isOf({ name, version }: Manifest, wanted: PackSelector): boolean {
  return name === wanted.name && (wanted.version ?? version) === version;
}
