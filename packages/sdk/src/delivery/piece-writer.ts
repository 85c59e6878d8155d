import { PIECE_BYTES } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { type Piece, putPieces } from "../store/pieces.ts";
import { InFlight } from "./in-flight.ts";

/**
 * A transaction takes about this much at most: IndexedDB copies what it is given, so that this counts
 * twice against what a download may hold.
 */
const WRITE_BYTES = 2 * PIECE_BYTES;

/** What is received, or waits to be written: with the copy above, 8 MiB at most. */
const IN_FLIGHT_BYTES = 5 * PIECE_BYTES;

/**
 * Writes pieces to the store as soon as they are whole, so that a crash costs next to nothing. Those
 * that come while others are being written go together: a transaction for each costs four times as
 * much. Memory is held in bounds: every buffer's room is asked for before it is made.
 */
export class PieceWriter {
  readonly #database: Database;
  readonly #inFlight: InFlight;
  readonly #pieces: Piece[] = [];
  #bytes = 0;
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(database: Database, inFlight: InFlight = new InFlight(IN_FLIGHT_BYTES)) {
    this.#database = database;
    this.#inFlight = inFlight;
  }

  /** Waits for room for a buffer. `add` gives it back once it is written, `drop` at once. */
  async room(bytes: number, signal: AbortSignal): Promise<void> {
    // What waits to be written could wait for ever, if everyone waited for its room.
    if (!this.#inFlight.hasRoom(bytes)) await this.flush();
    await this.#inFlight.take(bytes, signal);
  }

  /** Takes over a piece that there was room for. Its bytes are gone once they are stored. */
  async add(piece: Piece): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.byteLength;
    const written = this.flush();
    if (this.#bytes >= WRITE_BYTES || this.#inFlight.isWaitedFor) await written;
    // Whoever adds or flushes next is told.
    else written.catch(() => undefined);
  }

  /** Gives back the room of a buffer that is not to be written. */
  drop(bytes: number): void {
    this.#inFlight.give(bytes);
  }

  /** Writes until nothing waits to be written. @throws what a write failed with, now or before */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#pieces.length > 0) this.#writing ??= this.#write();
    await this.#writing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#pieces.length > 0) await this.#writeSome();
    } catch (error) {
      this.#failure = { error };
      throw error;
    } finally {
      // In the same step as the last look: what comes after it is another write's.
      this.#writing = undefined;
    }
  }

  async #writeSome(): Promise<void> {
    const pieces = this.#takeSome();
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.byteLength, 0);
    try {
      await putPieces(this.#database, pieces);
    } finally {
      this.#inFlight.give(bytes);
    }
  }

  #takeSome(): Piece[] {
    let bytes = 0;
    const taken: Piece[] = [];
    for (let piece = this.#pieces.shift(); piece; piece = this.#pieces.shift()) {
      taken.push(piece);
      bytes += piece.bytes.byteLength;
      if (bytes >= WRITE_BYTES) break;
    }
    this.#bytes -= bytes;
    return taken;
  }
}
