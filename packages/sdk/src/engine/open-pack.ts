import { type Manifest, SelvedgeError } from "@selvedge/protocol";
import { findActive } from "../store/activations.ts";
import { chooseVariant, findVariant, type RunnableVariant } from "../store/choose-variant.ts";
import type { Database } from "../store/database.ts";
import { findPack, neededBlobs, totalBytes, touchPack } from "../store/packs.ts";
import { missingPieces, pieceId, pieceKeys, readBlobs } from "../store/pieces.ts";
import type { OpenRequest, PackRequest } from "../worker/engine-api.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { SessionSource } from "./engine-session.ts";

/** A pack in the store that can be opened: its manifest was verified, its bytes were not read. */
export interface FoundPack {
  readonly digest: string;
  readonly manifest: Manifest;
  readonly variant: RunnableVariant;
  /** As in `Opened`. */
  readonly signedBy: Readonly<Record<string, readonly string[]>>;
  /** Model bytes of this variant, golden answers and attachments included. */
  readonly bytes: number;
}

/** A pack read from the store, verified, ready for a session. */
export interface ReadPack extends FoundPack {
  readonly source: SessionSource;
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
): Promise<ReadPack | undefined> {
  const found = await choosePack(database, request);
  if (found === undefined) return undefined;
  return { ...found, source: await readWhole(database, found, request) };
}

/**
 * Reads a variant's graph and tensors, and checks every piece of them. What is opened by selector has to be
 * whole, attachments and golden answers too, as that is when what is missing can be installed.
 *
 * @throws SelvedgeError `storage-damaged` where a piece is missing or damaged.
 */
export async function readWhole(
  database: Database,
  found: FoundPack,
  { by }: Pick<OpenRequest, "by">,
): Promise<SessionSource> {
  const [source] = await Promise.all([
    readSourceOf(database, found),
    by === "selector" ? requireWhole(database, found) : undefined,
  ]);
  return source;
}

/**
 * Finds a pack in the store. None of its bytes is looked at.
 *
 * @throws SelvedgeError as `openPack`
 */
export async function choosePack(
  database: Database,
  request: PackRequest,
): Promise<FoundPack | undefined> {
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
  // A note for people who tidy up: neither waited for nor worth failing for, say for want of room.
  touchPack(database, digest).catch(() => undefined);
  const { manifest, record } = pack;
  const bytes = totalBytes(neededBlobs(manifest, variant));
  return { digest, manifest, variant, signedBy: record.signedBy ?? {}, bytes };
}

/**
 * Finds out whether everything is there that a device needs of a pack. No bytes are read.
 *
 * @throws SelvedgeError `storage-damaged`, naming the pieces that are missing.
 */
export async function requireWhole(
  database: Database,
  { manifest, variant }: FoundPack,
): Promise<void> {
  const missing = await missingPieces(database, neededBlobs(manifest, variant));
  if (missing.size > 0)
    throw new SelvedgeError(
      "storage-damaged",
      `${missing.size} stored piece(s) of ${manifest.name}@${manifest.version} are missing. Load the model again to fetch them.`,
      { detail: { pieces: [...missing] } },
    );
}

async function readSourceOf(
  database: Database,
  { variant }: Pick<FoundPack, "variant">,
): Promise<SessionSource> {
  const [graph, ...buffers] = await readBlobs(database, [variant.graph, ...variant.tensors]);
  if (graph === undefined)
    throw new Error("readBlobs answered fewer buffers than it was asked for");
  // The session has these from here on; golden answers may be asked for again.
  database.memory.drop([variant.graph, ...variant.tensors].flatMap(pieceKeys).map(pieceId));
  return {
    graph,
    tensors: variant.tensors.map(({ sha256 }, i) => ({
      name: sha256,
      data: buffers[i] ?? new ArrayBuffer(0),
    })),
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
