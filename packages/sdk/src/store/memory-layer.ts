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
  /** Digests of blobs that are not to be written to IndexedDB, because the plan says they do not fit. */
  readonly blobs: Set<string> = new Set();
  /** Whether a write found no room: nothing more is tried until something went. */
  isFull = false;
  /** Why the last thing that came here did. */
  reason: string | undefined;
  /** Frees room in IndexedDB; says whether it did. Asked once for each write that finds none. */
  makeRoom: (bytes: number) => Promise<boolean> = async () => false;

  takes(sha256: string): boolean {
    return this.isFull || this.blobs.has(sha256);
  }

  get(id: string): ArrayBuffer | undefined {
    return this.#pieces.get(id);
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
    this.blobs.clear();
    this.isFull = false;
  }
}
