import type { Dtype, PredictionRecord } from "@selvedge/protocol";
import type { DBSchema, StoreNames } from "idb";
import type { OutboxRecord } from "../telemetry/outbox-record.ts";
import type { Tensors } from "../tensor.ts";
import type { ImagePlace } from "../worker/engine-api.ts";
import type { VerdictKey, VerdictRecord } from "../worker/keeper-api.ts";
import { Connection } from "./connection.ts";
import { MemoryLayer } from "./memory-layer.ts";
import { SCHEMA_VERSION, upgradeDatabase } from "./upgrade-database.ts";

/** A pack whose pieces are all in the store. */
export interface PackRecord {
  readonly digest: string;
  readonly registry: string;
  readonly name: string;
  readonly version: string;
  /** The manifest's text, as its digest was taken over it. */
  readonly manifest: string;
  /** The variants that are complete. */
  readonly dtypes: readonly Dtype[];
  readonly installedAt: number;
  readonly usedAt: number;
  /** The text of `manifest.sig`, where a page with keys has found that it holds. */
  readonly signature?: string;
  /** The ids of the keys that signed, by the trust anchors that they were believed under. */
  readonly signedBy?: Readonly<Record<string, readonly string[]>>;
}

/** A pack, in one of its precisions. */
export interface PackChoice {
  readonly digest: string;
  readonly dtype: Dtype;
}

/** What answers for a selector. */
export interface ActivationRecord {
  readonly current: PackChoice;
  /** Whether `current` has given its golden answers on this device. */
  readonly isProven: boolean;
  /** What served before it: gone back to where `current` fails, or cannot be opened any more. */
  readonly lastGood?: PackChoice;
  /** An update that is complete, and answers once it is proven. */
  readonly next?: PackChoice;
  /** Packs that failed on this device, the latest last: not fetched again. */
  readonly refused: readonly Refusal[];
}

/** A pack that failed, and the runtimes it failed on: with others it is tried again. */
interface Refusal {
  readonly digest: string;
  readonly runtime: string;
}

/** Something that one tab at a time may do, where the browser has no Web Locks. */
export interface LeaseRecord {
  /** Who holds it. */
  readonly owner: string;
  /** Milliseconds since 1970, after which anyone may take it. */
  readonly until: number;
}

/** A download that is under way, or was given up: whose pieces and packs are not to be evicted while it lasts. */
export interface DownloadRecord {
  /** Digests of the blobs it gathers, or makes others of. */
  readonly blobs: readonly string[];
  /** Digests of the packs that have to stay meanwhile. */
  readonly packs: readonly string[];
  /** Milliseconds since 1970 when it last stored something. */
  readonly seenAt: number;
}

/**
 * The newest of a kind of signed document that was believed, as it was signed, so that it can be
 * verified again when the keys have changed.
 */
export interface TrustRecord {
  readonly text: string;
  /** The sequence of a channel document, or the version of a root document. */
  readonly sequence: number;
}

/** Trust anchors are told apart by the digest of their text. A root document is no model's. */
export type TrustKey =
  | [kind: "channels", registry: string, name: string, anchors: string]
  | [kind: "root", registry: string, anchors: string];

/** What is remembered of an answer, so that the truth can be held against it when it comes. */
export interface AnswerSummary {
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly dtype: string;
  readonly backend: string;
  /** The class that was predicted. Never leaves the device unless the manifest's reference has it. */
  readonly predicted?: string;
  /** The classes that the manifest's reference has. */
  readonly classes?: readonly string[];
  /** How likely the model said that class to be: from 0 to 1. */
  readonly confidence?: number;
  /** The number that was predicted, where the answer is one. Never leaves the device. */
  readonly value?: number;
  /** Whether its truth has come. */
  readonly isJudged?: boolean;
}

/** A prediction that was written down, and with the app's consent what went in and came out. */
export interface StoredPrediction extends PredictionRecord {
  readonly captured?: { readonly inputs: Tensors; readonly outputs: Tensors };
  readonly answer?: AnswerSummary;
}

/** What is kept under the key of an image. */
export type ImageRecord = KeptImage | BarredImage;

interface ImageOf {
  readonly key: string;
  /** Digest of the pack. */
  readonly pack: string;
  readonly dtype: Dtype;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/** An image that is whole: its pages were written before this. */
export interface KeptImage extends ImageOf {
  readonly kind: "kept";
  /** Text of its head. */
  readonly head: string;
  /** SHA-256 of that text, in lower-case hex. */
  readonly headDigest: string;
  /** Of its pages. */
  readonly bytes: number;
  readonly place: ImagePlace;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

/** A key that no image is woken or written under. */
export interface BarredImage extends ImageOf {
  readonly kind: "quarantined" | "not worth it";
  readonly reason: string;
}

/** Pages of an image: at most 4 MiB, counted from 0. */
type ImagePagesKey = [image: string, index: number];

/** What lies beside a runtime's files, as it was read last. */
export interface RuntimeIndexRecord {
  /** Empty where the host has none. */
  readonly text: string;
  /** SHA-256 of that, in lower-case hex. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One verified piece of a blob is one record, so that damage and eviction cost only that piece. */
export type PieceKey = [sha256: string, index: number];

export interface StoreSchema extends DBSchema {
  packs: { key: string; value: PackRecord };
  activations: { key: string; value: ActivationRecord };
  // ArrayBuffers, never Blobs: WebKit aborts the whole transaction on a Blob.
  pieces: { key: PieceKey; value: ArrayBuffer };
  outbox: { key: number; value: OutboxRecord };
  leases: { key: string; value: LeaseRecord };
  /** By pack digest and dtype. */
  downloads: { key: string; value: DownloadRecord };
  trust: { key: TrustKey; value: TrustRecord };
  verdicts: { key: VerdictKey; value: VerdictRecord };
  /** What telemetry has to remember, by name: each of its rooms checks what it reads. */
  telemetry: { key: string; value: unknown };
  predictions: { key: string; value: StoredPrediction; indexes: { at: number } };
  /** By key; `pack` is the digest of the pack. */
  images: { key: string; value: ImageRecord; indexes: { pack: string } };
  imagePages: { key: ImagePagesKey; value: ArrayBuffer };
  /** By the URL of the index. */
  runtimes: { key: string; value: RuntimeIndexRecord };
}

/** The store's parts, as transactions name them. */
export type StoreName = StoreNames<StoreSchema>;

/** The connection to the store. Beside it lies what IndexedDB did not take. */
export class Database extends Connection<StoreSchema> {
  /** What is kept only as long as this worker lives. Looked at before IndexedDB is. */
  readonly memory: MemoryLayer = new MemoryLayer();

  constructor() {
    super({ name: "selvedge", version: SCHEMA_VERSION, upgrade: upgradeDatabase });
  }
}
