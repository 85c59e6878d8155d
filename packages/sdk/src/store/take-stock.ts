import { pieceRange } from "@selvedge/protocol";
import type { Stock } from "./choose-evictions.ts";
import type { Database } from "./database.ts";
import { isUnderWay } from "./downloads.ts";
import { keptImages } from "./images.ts";
import { blobsOfRecord } from "./packs.ts";
import { pieceId, pieceKeys } from "./pieces.ts";
import { soundActivation, soundPack } from "./sound-record.ts";

/** What the store holds, and what downloads that are under way, in any tab, have to find there. */
export interface StoredStock extends Stock {
  readonly bytes: number;
  readonly downloading: { readonly packs: readonly string[]; readonly blobs: readonly string[] };
}

const NOTHING: StoredStock = {
  images: [],
  packs: [],
  pieces: new Map(),
  bytes: 0,
  downloading: { packs: [], blobs: [] },
};

/**
 * Takes stock of IndexedDB. What packs own is counted by their manifests; only what no pack owns has to
 * be read for its size.
 */
export function takeStock(database: Database): Promise<StoredStock> {
  const stores = ["packs", "activations", "pieces", "downloads", "images"] as const;
  return database.read(
    { doing: "measuring the model cache", stores, nothing: NOTHING },
    async (transaction) => {
      const store = transaction.objectStore("pieces");
      const records = await transaction.objectStore("packs").getAll();
      const activations = await transaction.objectStore("activations").getAll();
      const downloads = await transaction.objectStore("downloads").getAll();
      const keys = await store.getAllKeys();
      const needed = new Set(
        activations
          .map(soundActivation)
          .flatMap((active) => [active?.current, active?.lastGood, active?.next])
          .map((choice) => choice?.digest),
      );
      const sizes = new Map<string, number>();
      const packs = records.map(soundPack).map((record) => {
        const blobs = blobsOfRecord(record);
        for (const blob of blobs)
          for (const key of pieceKeys(blob)) {
            const { start, end } = pieceRange(blob.bytes, key[1]);
            sizes.set(pieceId(key), end - start);
          }
        return {
          digest: record.digest,
          usedAt: record.usedAt,
          isSuperseded: !needed.has(record.digest),
          pieces: blobs.flatMap(pieceKeys).map(pieceId),
        };
      });
      const pieces = new Map<string, number>();
      for (const key of keys) {
        const id = pieceId(key);
        pieces.set(id, sizes.get(id) ?? sizeOf(await store.get(key)));
      }
      const images = keptImages(await transaction.objectStore("images").getAll());
      const underWay = downloads.filter((record) => isUnderWay(record));
      return {
        images,
        packs,
        pieces,
        bytes: [...pieces.values(), ...images.map(({ bytes }) => bytes)].reduce(
          (sum, bytes) => sum + bytes,
          0,
        ),
        downloading: {
          packs: underWay.flatMap((download) => download.packs),
          blobs: underWay.flatMap((download) => download.blobs),
        },
      };
    },
  );
}

function sizeOf(piece: unknown): number {
  return piece instanceof ArrayBuffer ? piece.byteLength : 0;
}
