import { SelvedgeError } from "@selvedge/protocol";
import { type ResolvedPack, resolvePack } from "../channel/resolve.ts";
import { chooseVariant } from "../store/choose-variant.ts";
import { findPack } from "../store/packs.ts";
import { type Piece, readPieces } from "../store/pieces.ts";
import type { PackBytes, PackRef } from "../worker/keeper-api.ts";
import { completePack } from "./complete-pack.ts";
import type { DeliveryRooms } from "./rooms.ts";

/** A pack as the store has it, with who has signed it. */
type StoredPack = ResolvedPack & Pick<PackBytes, "signedBy">;

/** How often what was read is found damaged and fetched again, before the disk is taken to be broken. */
const ROUNDS = 3;

/**
 * Reads all that an engine needs of a pack; what is missing or damaged is fetched again, and nothing
 * else. Where the pack itself is gone from the store, the registry is asked for that very version.
 *
 * @throws SelvedgeError whatever fetching throws; `integrity` where the registry has another pack under
 * that version; `storage-damaged` where the store spoils what is put into it.
 */
export function restorePack(
  rooms: DeliveryRooms,
  ref: PackRef,
  options: { readonly registry: string; readonly signal: AbortSignal },
): Promise<PackBytes> {
  return mending(rooms, ref, options, async ({ manifest, text, signedBy }) => {
    const { graph, tensors } = chooseVariant(manifest, ref);
    const golden = manifest.golden.cases.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
    const blobs = new Map([graph, ...tensors, ...golden].map((blob) => [blob.sha256, blob]));
    const pieces = await readPieces(rooms.database, [...blobs.values()]);
    const { memory } = rooms.database;
    return {
      manifest: text,
      signedBy,
      // The bytes are given away; what is kept here alone must not go with them.
      pieces: pieces.map(({ key, bytes }) => ({
        key,
        bytes: memory.owns(bytes) ? bytes.slice(0) : bytes,
      })),
    };
  });
}

/**
 * The bytes of a file that travels with a pack, fetched again where the store has lost them.
 *
 * @throws SelvedgeError `attachment-missing`, and as `restorePack`.
 */
export function readAttachment(
  rooms: DeliveryRooms,
  ref: PackRef,
  {
    file,
    ...options
  }: { readonly file: string; readonly registry: string; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  return mending(rooms, ref, options, async ({ manifest }) => {
    const { attachments, name, version } = manifest;
    const attachment = attachments.find((each) => each.name === file);
    if (attachment === undefined)
      throw new SelvedgeError(
        "attachment-missing",
        `${name}@${version} has no attachment "${file}" (it has: ${attachments.map((each) => each.name).join(", ") || "none"}).`,
      );
    const pieces = await readPieces(rooms.database, [attachment]);
    return join(pieces, attachment.bytes);
  });
}

/** Runs something on a pack; once more when what it found damaged has been fetched again. */
async function mending<T>(
  rooms: DeliveryRooms,
  ref: PackRef,
  options: { readonly registry: string; readonly signal: AbortSignal },
  run: (pack: StoredPack) => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round++) {
    const stored = await findStored(rooms, ref);
    try {
      if (stored !== undefined) return await run(stored);
    } catch (error) {
      const isDamage = error instanceof SelvedgeError && error.code === "storage-damaged";
      if (!isDamage || round === ROUNDS) throw error;
    }
    const pack = stored ?? (await resolveAgain(rooms, ref, options));
    const variant = chooseVariant(pack.manifest, ref);
    const { trust } = ref;
    const from = {
      registry: options.registry,
      name: pack.manifest.name,
      ...(trust === undefined ? {} : { trust }),
    };
    const { signal } = options;
    await completePack(rooms, { pack, variant, from }, { signal, report: () => undefined });
  }
}

async function findStored(
  { database }: DeliveryRooms,
  { digest }: PackRef,
): Promise<StoredPack | undefined> {
  // A manifest that was damaged is as good as none.
  const pack = await findPack(database, digest).catch(() => undefined);
  if (pack === undefined) return undefined;
  const { record, manifest } = pack;
  return { digest, text: record.manifest, manifest, signedBy: record.signedBy ?? {} };
}

async function resolveAgain(
  { network, trust }: DeliveryRooms,
  { origin, digest, ...ref }: PackRef,
  { registry, signal }: { readonly registry: string; readonly signal: AbortSignal },
): Promise<ResolvedPack> {
  if (origin === undefined)
    throw new SelvedgeError(
      "storage-damaged",
      `The stored pack ${digest} is gone: the cache was cleared, or the browser evicted it. Load the model again.`,
      { detail: { digest } },
    );
  const { name, version } = origin;
  const selector = { ...ref, ...origin, registry, channel: "" };
  const stored = async () => undefined;
  const pack = await resolvePack(selector, { signal, network, trust, stored });
  if (pack.digest === digest) return pack;
  throw new SelvedgeError(
    "integrity",
    `${name}@${version}: the device has lost what it stored, and the registry now has another pack under that version (${pack.digest}, not ${digest}). Give new bytes a new version, and load the model again.`,
    { detail: { digest, found: pack.digest } },
  );
}

function join(pieces: readonly Piece[], sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const { bytes } of pieces) {
    whole.set(new Uint8Array(bytes), at);
    at += bytes.byteLength;
  }
  return whole;
}
