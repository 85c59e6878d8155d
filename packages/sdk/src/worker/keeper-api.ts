import type { BlobRef, Dtype, Manifest } from "@selvedge/protocol";
import type { Backend, EngineName, VariantSummary } from "./engine-api.ts";
import type { Outcome } from "./outcome.ts";

/** What the keeper worker does for the page: delivery and the store. */
export interface KeeperApi {
  /**
   * Called once, before anything else. At the other end of `page` the page fetches, where it wants to do
   * that itself.
   */
  start(settings: KeeperSettings, page?: MessagePort): void;
  /**
   * Makes a pack complete in the store, fetching only what is missing, and gives it its role there.
   * `onEngine` is told what runs it before the download begins.
   */
  install(
    call: number,
    wanted: PackSelector,
    onProgress?: (progress: Progress) => void,
    onEngine?: (engine: EngineName) => void,
    how?: InstallHow,
  ): Promise<Outcome<Installed>>;
  /**
   * Resolves a pack of which the store has nothing, for a page with keys that they have signed; answers
   * `undefined` otherwise. `install` installs this very pack then.
   */
  offer(call: number, wanted: PackSelector): Promise<Outcome<PackOffer | undefined>>;
  /**
   * Stores blobs of the pack that was offered last; it is no more visible for it. Answers with how many
   * bytes were fetched. Fails with `storage-full` where they cannot be stored.
   */
  fetchOffered(
    call: number,
    wanted: PackSelector,
    blobs: readonly BlobRef[],
    onProgress?: (progress: Progress) => void,
  ): Promise<Outcome<number>>;
  /** Asks the registry for another pack than the one that is loaded; fetches no model bytes. */
  findUpdate(
    call: number,
    wanted: PackSelector,
    loaded: string,
  ): Promise<Outcome<FoundUpdate | undefined>>;
  /** What answers for a selector, if anything does. */
  standing(call: number, wanted: PackSelector): Promise<Outcome<Standing | undefined>>;
  /** Writes down what became of a pack. Answers with what stands then. */
  settle(
    call: number,
    wanted: PackSelector,
    choice: Choice,
    verdict: Verdict,
  ): Promise<Outcome<Standing | undefined>>;
  /** What is remembered of a pack's candidates, as it was stored. */
  verdicts(call: number, digest: string): Promise<Outcome<unknown[]>>;
  /** Remembers a verdict, or forgets it. */
  judge(call: number, key: VerdictKey, record: VerdictRecord | undefined): Promise<Outcome<void>>;
  availability(call: number, wanted: PackSelector): Promise<Outcome<Availability>>;
  /** What a pack holds for which place, whichever of the backends it is stored for; fetches no model bytes. */
  contents(
    call: number,
    wanted: PackSelector,
    backends: readonly Backend[],
  ): Promise<Outcome<PackContents>>;
  /** Marks a pack as used by one model more of this page: no tab evicts it. */
  hold(call: number, digest: string): Promise<Outcome<void>>;
  /** Takes one such mark back. All of them go with the keeper. */
  release(call: number, digest: string): Promise<Outcome<void>>;
  /** Bytes of a file that travels with a pack; fetched again where the store has lost it. */
  attachment(call: number, pack: PackRef, name: string): Promise<Outcome<Uint8Array>>;
  /**
   * Hands a pack to an engine that cannot read it from the store: because it is kept in memory, or was
   * damaged, or went. What is missing is fetched again. The bytes are transferred.
   */
  restore(call: number, pack: PackRef): Promise<Outcome<PackBytes>>;
  /** Deletes the images of engines that were made of a pack in one precision. */
  dropImages(call: number, digest: string, dtype: Dtype): Promise<Outcome<void>>;
  list(call: number): Promise<Outcome<CachedPack[]>>;
  /** Bytes the store's pieces and images take. */
  size(call: number): Promise<Outcome<number>>;
  /** Deletes packs of a model, or one version of it, and the pieces no other pack needs. */
  remove(call: number, name: string, version?: string): Promise<Outcome<number>>;
  clear(call: number): Promise<Outcome<void>>;
  /** An AbortSignal, as a message: makes the call reject with an `AbortError`. */
  cancel(call: number): void;
}

/** How much models may take, and what goes when there is no room. */
export interface CachePolicy {
  /**
   * Bytes that models may take on this device, in all. What the browser's quota leaves is the bound in
   * any case.
   */
  readonly maxBytes?: number;
  /**
   * `"lru"` makes room for a new model by deleting what no tab uses: versions that were superseded
   * first, then the models used longest ago. `"never"` deletes nothing.
   * @default "lru"
   */
  readonly evict?: "lru" | "never";
  /**
   * Whether engines that were proven are written down on this device, so that the next visit wakes them
   * instead of loading them again. An image holds the model and the runtime as they were after golden
   * inputs, and nothing of what the app computes. `false`: none is made or woken, and those there are
   * are deleted.
   * @default true
   */
  readonly images?: boolean;
}

/** What may be downloaded over a link that is paid for by the byte. */
export type MeteredDownloads = "allow" | "foreground" | "never";

export interface KeeperSettings {
  readonly cache?: CachePolicy;
  /** @default "foreground" */
  readonly meteredDownloads?: MeteredDownloads;
  /** Absolute. */
  readonly registry: string;
  /** Whose signatures to believe, as `parseTrustAnchors` reads it. Absent: none is looked at. */
  readonly anchors?: string;
}

/** Which pack of a model is meant: what a channel serves, or a version by name. */
export interface PackSelector {
  readonly registry: string;
  readonly name: string;
  readonly channel: string;
  /** Pins; the channel is not asked. */
  readonly version?: string;
  readonly dtype: Dtype | "auto";
  /** Where it is to serve first. */
  readonly backend: "wasm" | "webgpu";
  /** What that has of what variants may require, such as `shader-f16`. */
  readonly features: readonly string[];
  /** The digest of the trust anchors: what was installed under others, or none, does not serve. */
  readonly trust?: string;
}

/** One pack, and the device it is to run on. */
export interface PackRef extends Choice, Pick<PackSelector, "backend" | "features" | "trust"> {
  /** What to ask the registry for where the store has lost even the manifest; absent: it cannot be. */
  readonly origin?: { readonly name: string; readonly version: string };
}

/** A pack that is signed, and not in the store. */
export interface PackOffer extends Pick<PackSelector, "dtype" | "backend" | "features"> {
  readonly digest: string;
  readonly version: string;
  /** The manifest's text. */
  readonly manifest: string;
  readonly resolveMs: number;
  /** As `Opened` has it. */
  readonly signedBy: PackBytes["signedBy"];
}

/** A pack in memory: its manifest's text, and verified pieces of what an engine needs of it. */
export interface PackBytes {
  readonly manifest: string;
  /** As `Opened` has it. */
  readonly signedBy: Readonly<Record<string, readonly string[]>>;
  readonly pieces: readonly {
    readonly key: [sha256: string, index: number];
    readonly bytes: ArrayBuffer;
  }[];
}

/** Where a pack is kept. In memory it is gone with the page, and fetched again on the next visit. */
export type PackStorage =
  | { readonly kind: "persistent" }
  | { readonly kind: "memory"; readonly reason: string };

/**
 * How far a load has come. `resolve` says what is wanted, and how much of it the device holds; `fetch`
 * follows where that is not all; `start` says that the engine opens it. `ready` comes last, and alone
 * where the device held everything.
 */
export interface Progress {
  readonly phase: "resolve" | "fetch" | "start" | "ready";
  /** The model. */
  readonly file: string;
  /** Model bytes held so far, those already stored included; a delta counts as what is fetched of it. */
  readonly loaded: number;
  /** What `loaded` comes to, known from the first event on. Grows where a delta came to nothing. */
  readonly total: number;
}

/** What a pack is installed as, and what for. */
export interface InstallHow {
  /**
   * `current` answers at once, `next` answers once it is proven, and `part` is another variant of a
   * pack that answers already.
   *
   * @default "current"
   */
  readonly role?: "current" | "next" | "part";
  /**
   * An `update` may wait for a better connection; a `load` is waited for by someone.
   *
   * @default "load"
   */
  readonly purpose?: "load" | "update";
}

/** A pack, in one of its precisions. */
export interface Choice {
  readonly digest: string;
  readonly dtype: Dtype;
}

/** Whether it gave its golden answers, failed, or was lost in part and cannot be fetched. */
export type Verdict = "proven" | "refused" | "lost";

/** A pack, and one of the places and precisions that it could run in. */
export type VerdictKey = [digest: string, candidate: string];

/** What was found out about a candidate. The page writes it, and reads it with `soundVerdict`. */
export interface VerdictRecord {
  readonly digest: string;
  readonly candidate: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What answers for a selector. */
export interface Standing {
  readonly current: Choice;
  readonly isProven: boolean;
  /** Whether it has failed on this device, with nothing better to answer in its place. */
  readonly isRefused: boolean;
  /** What can be gone back to. */
  readonly lastGood?: Choice;
}

/** What of a pack tells where it may run. */
export interface PackContents {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly variants: readonly VariantSummary[];
}

/** Another pack than the one that is loaded. */
export interface FoundUpdate extends Choice {
  readonly version: string;
  readonly signature: Manifest["signature"];
  /** Model bytes that have to be fetched. */
  readonly bytes: number;
  /** Whether it answers already: another tab has fetched and proven it. */
  readonly isCurrent: boolean;
}

/** A pack that is complete. */
export interface Installed {
  readonly digest: string;
  readonly version: string;
  readonly dtype: Dtype;
  /**
   * Model bytes of this dtype, those already stored included; of one that woke from an image that ships
   * with it, what that took.
   */
  readonly bytes: number;
  readonly fetchedBytes: number;
  readonly storage: PackStorage;
  readonly resolveMs: number;
  readonly fetchMs: number;
}

/** Whether a model can be used here, and what that would cost. */
export interface Availability {
  readonly state: "unavailable" | "downloadable" | "downloading" | "available";
  /** Bytes that would have to be fetched. */
  readonly bytes: number;
  /** Why it is not simply available. */
  readonly reasons: readonly string[];
  /** What storing it takes; absent where nothing has to be stored. */
  readonly space?: {
    /** Bytes. */
    readonly needed: number;
    /** Bytes there are once what may go is evicted; absent where the browser does not say. */
    readonly free?: number;
    /** Where it does not fit, the model runs from memory, and is fetched again on the next visit. */
    readonly fits: boolean;
  };
  /** What running it takes, where the pack says so. */
  readonly memory?: {
    /** Bytes. */
    readonly needed: number;
    /** Bytes the device has, roughly; absent where the browser does not say. */
    readonly device?: number;
    readonly fits: boolean;
  };
}

/** A pack that the device holds. */
export interface CachedPack {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly bytes: number;
  /** What images of its engines take besides: they make it start sooner, and go first. */
  readonly imageBytes: number;
  /** Those of its bytes that other packs have too: deleting it does not free them. */
  readonly shared: number;
  /** Whether a tab has it loaded. */
  readonly inUse: boolean;
  /** `"memory"` where the store has no room for it, or is refused: it goes with the page. */
  readonly storage: PackStorage["kind"];
  /** When it was installed, and last opened. */
  readonly installedAt: Date;
  readonly usedAt: Date;
}
