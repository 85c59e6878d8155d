import { SelvedgeError } from "@selvedge/protocol";
import { chooseEvictions, type Evictions } from "../store/choose-evictions.ts";
import type { Database } from "../store/database.ts";
import { dropImages } from "../store/images.ts";
import { removePacks } from "../store/remove-packs.ts";
import { type StoredStock, takeStock } from "../store/take-stock.ts";
import type { PackUsage } from "../tabs/pack-usage.ts";
import type { CachePolicy } from "../worker/keeper-api.ts";

/** What an install needs of the store while it lasts. */
export interface Claim {
  /** Digests of packs that have to stay. */
  readonly packs: readonly string[];
  /** Digests of blobs that have to stay: those of the pack itself, and what deltas start from. */
  readonly blobs: readonly string[];
}

/** How much there is for what is to be stored. */
export interface Room {
  /** Bytes there are once what may go is evicted; `undefined` where the browser does not say. */
  readonly free: number | undefined;
  readonly fits: boolean;
}

/** What to say where something does not fit. */
export function noRoomFor(title: string, needed: number, { free }: Room): SelvedgeError {
  const left = free === undefined ? "the browser has not got that many" : `there are ${free}`;
  return new SelvedgeError(
    "storage-full",
    `${title}: ${needed} bytes are needed to store it, and ${left} for models on this device. Free some with selvedge.cache.delete(), or allow more with the option cache.maxBytes where that is the limit.`,
    { detail: { needed, ...(free === undefined ? {} : { free }) } },
  );
}

/** What `navigator.storage.estimate()` says, where there is one. */
type Estimate = () => Promise<{ usage?: number; quota?: number } | undefined>;

/** The room that models have: the browser's quota, the app's own bound, and what may go to make more. */
export class Space {
  readonly #database: Database;
  readonly #usage: Pick<PackUsage, "inUse">;
  readonly #estimate: Estimate;
  readonly #claims = new Set<Claim>();
  #policy: CachePolicy = {};

  constructor(
    database: Database,
    {
      usage,
      // WebKit has no navigator.storage in some of its webviews.
      estimate = async () => navigator.storage?.estimate?.(),
    }: { usage: Pick<PackUsage, "inUse">; estimate?: Estimate },
  ) {
    this.#database = database;
    this.#usage = usage;
    this.#estimate = estimate;
    database.memory.makeRoom = async (bytes) => {
      const stock = await takeStock(database);
      return this.#evict(stock, bytes, await this.#choose(stock, bytes));
    };
  }

  limit(policy: CachePolicy): void {
    this.#policy = policy;
  }

  /** Keeps what an install needs from being evicted, until it says that it is done. */
  claim(claim: Claim): () => void {
    this.#claims.add(claim);
    return () => this.#claims.delete(claim);
  }

  /** Whether so many bytes more would fit. Nothing is evicted yet. */
  async survey(needed: number): Promise<Room> {
    return (await this.#plan(needed)).room;
  }

  /**
   * Evicts what it takes for so many bytes more to fit; nothing where they would not even so. In doubt
   * they fit: a write that finds no room says so itself.
   */
  async make(needed: number): Promise<Room> {
    const { room, short, stock, evictions } = await this.#plan(needed);
    if (room.fits && short > 0 && stock !== undefined && evictions !== undefined)
      await this.#evict(stock, short, evictions);
    return room;
  }

  async #plan(needed: number): Promise<{
    room: Room;
    short: number;
    stock?: StoredStock;
    evictions?: Evictions;
  }> {
    const { maxBytes } = this.#policy;
    const estimate = await this.#estimate().catch(() => undefined);
    const left = estimate?.quota === undefined ? undefined : estimate.quota - (estimate.usage ?? 0);
    if (needed === 0 || (maxBytes === undefined && (left === undefined || left >= needed)))
      return { room: { free: left, fits: true }, short: 0 };
    const stock = await takeStock(this.#database);
    const free = Math.min(left ?? Infinity, (maxBytes ?? Infinity) - stock.bytes);
    const short = needed - free;
    if (short <= 0) return { room: { free, fits: true }, short: 0 };
    const evictions = await this.#choose(stock, short);
    const room = { free: Math.max(0, free + evictions.freed), fits: evictions.freed >= short };
    return { room, short, stock, evictions };
  }

  async #choose(stock: StoredStock, short: number): Promise<Evictions> {
    const none = { images: new Set<string>(), packs: new Set<string>(), freed: 0 };
    if (this.#policy.evict === "never") return none;
    // Whoever cannot say what is in use must be taken to use all of it.
    const inUse = await this.#usage.inUse().catch(() => undefined);
    if (inUse === undefined) return none;
    const blobs = new Set([...this.#claimed("blobs"), ...stock.downloading.blobs]);
    return chooseEvictions(stock, short, {
      packs: new Set([
        ...inUse,
        ...this.#claimed("packs"),
        ...stock.downloading.packs,
        ...this.#database.memory.packs.keys(),
      ]),
      isKept: (id) => blobs.has(id.slice(0, id.indexOf("/"))),
    });
  }

  /** @returns whether so many bytes came free */
  async #evict(stock: StoredStock, short: number, evictions: Evictions): Promise<boolean> {
    const { images, packs, freed } = evictions;
    if (freed < short || stock.pieces.size + images.size === 0) return false;
    if (images.size > 0) await dropImages(this.#database, ({ key }) => images.has(key));
    await removePacks(
      this.#database,
      ({ digest }) => packs.has(digest),
      new Set(this.#claimed("blobs")),
    );
    return true;
  }

  #claimed(what: keyof Claim): string[] {
    return [...this.#claims].flatMap((claim) => claim[what]);
  }
}
