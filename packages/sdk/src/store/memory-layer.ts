import type { VerdictRecord } from "../worker/keeper-api.ts";
import type { ActivationRecord, PackRecord } from "./database.ts";
import { type Piece, pieceId } from "./pieces.ts";

/**
 * What is kept in memory, because IndexedDB is refused or has no room: the same records, for as long as
 * the worker lives.
 */
export class MemoryLayer {
  readonly #pieces = new Map<string, ArrayBuffer>();
  readonly packs: Map<string, PackRecord> = new Map();
  readonly activations: Map<string, ActivationRecord> = new Map();
  /** By pack and candidate. */
  readonly verdicts: Map<string, VerdictRecord> = new Map();
  /** Digests of blobs that are not to be written to IndexedDB, because the plan says they do not fit. */
  readonly #blobs = new Set<string>();
  /** Whether a write found no room: nothing more is tried until something went. */
  isFull = false;
  /** Why the last thing that came here did. */
  reason: string | undefined;
  /** Frees room in IndexedDB; says whether it did. Asked once for each write that finds none. */
  makeRoom: (bytes: number) => Promise<boolean> = async () => false;

  /** Whether pieces of a blob come here and not to IndexedDB. */
  takes(sha256: string): boolean {
    return this.isFull || this.#blobs.has(sha256);
  }

  /** Says that blobs are to come here. */
  take(blobs: readonly string[], reason: string): void {
    for (const sha256 of blobs) this.#blobs.add(sha256);
    this.reason = reason;
  }

  /** Says that there is room for blobs in IndexedDB. */
  spare(blobs: readonly string[]): void {
    for (const sha256 of blobs) this.#blobs.delete(sha256);
    this.isFull = false;
  }

  get(id: string): ArrayBuffer | undefined {
    return this.#pieces.get(id);
  }

  /** Whether these very bytes are kept here: they must not be transferred away. */
  owns(bytes: ArrayBuffer): boolean {
    return [...this.#pieces.values()].includes(bytes);
  }

  hold(pieces: readonly Piece[]): void {
    for (const { key, bytes } of pieces) this.#pieces.set(pieceId(key), bytes);
  }

  drop(ids: readonly string[]): void {
    for (const id of ids) this.#pieces.delete(id);
  }

  clear(): void {
    this.#pieces.clear();
    this.packs.clear();
    this.activations.clear();
    this.verdicts.clear();
    this.#blobs.clear();
    this.isFull = false;
  }
}
