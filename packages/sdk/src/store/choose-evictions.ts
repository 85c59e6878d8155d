import type { StoredImage } from "./images.ts";

/** A pack in the store, as eviction sees it. */
export interface Holding {
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** Whether nothing is answered by it any more, nor would go back to it. */
  readonly isSuperseded: boolean;
  /** Ids of its pieces. */
  readonly pieces: readonly string[];
}

/** What the store holds. */
export interface Stock {
  readonly images: readonly StoredImage[];
  readonly packs: readonly Holding[];
  /** Bytes of each piece, by id. */
  readonly pieces: ReadonlyMap<string, number>;
}

/** What must stay. */
export interface Kept {
  readonly packs: ReadonlySet<string>;
  readonly isKept: (piece: string) => boolean;
}

/** What goes, and how many bytes that frees; less than were asked for where no more may go. */
export interface Evictions {
  /** Keys of images. */
  readonly images: ReadonlySet<string>;
  readonly packs: ReadonlySet<string>;
  readonly freed: number;
}

/**
 * Chooses what to evict so that `short` bytes come free: what no pack needs first, then images, which only
 * save time and can be made again, then superseded
 * packs, then others, each those used longest ago first, and no more packs than it takes. A piece that
 * two packs share is free when both are gone.
 */
export function chooseEvictions(
  { images, packs, pieces }: Stock,
  short: number,
  kept: Kept,
): Evictions {
  const owners = new Map<string, number>();
  for (const id of packs.flatMap((pack) => pack.pieces)) owners.set(id, (owners.get(id) ?? 0) + 1);
  let freed = 0;
  const free = (id: string) => {
    if (!kept.isKept(id)) freed += pieces.get(id) ?? 0;
  };
  for (const id of pieces.keys()) if (!owners.has(id)) free(id);
  const goneImages = new Set<string>();
  for (const { key, bytes } of [...images].sort((a, b) => a.usedAt - b.usedAt)) {
    if (freed >= short) break;
    goneImages.add(key);
    freed += bytes;
  }
  const candidates = packs
    .filter(({ digest }) => !kept.packs.has(digest))
    .sort((a, b) => Number(b.isSuperseded) - Number(a.isSuperseded) || a.usedAt - b.usedAt);
  const gone = new Set<string>();
  for (const pack of candidates) {
    if (freed >= short) break;
    gone.add(pack.digest);
    for (const id of pack.pieces) {
      const left = (owners.get(id) ?? 0) - 1;
      owners.set(id, left);
      if (left === 0) free(id);
    }
  }
  return { images: goneImages, packs: gone, freed };
}
