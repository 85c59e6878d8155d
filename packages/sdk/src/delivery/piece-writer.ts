import { PIECE_BYTES } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { type Piece, putPieces } from "../store/pieces.ts";
import { InFlight } from "./in-flight.ts";

/**
 * Pieces that come faster than they are written wait for each other, in transactions of about this
 * size: one each costs four times as much. IndexedDB copies what it is given, so that this counts twice
 * against what a download may hold.
 */
const WRITE_BYTES = 2 * PIECE_BYTES;

/** What is received, or waits to be written: with the copy above, 8 MiB at most. */
const IN_FLIGHT_BYTES = 5 * PIECE_BYTES;

/**
 * Writes pieces to the store, several at a time, and holds the memory in bounds that they take until
 * then: every buffer's room is asked for before it is made.
 */
export class PieceWriter {
  readonly #database: Database;
  readonly #inFlight: InFlight;
  #pieces: Piece[] = [];
  #bytes = 0;
  #written: Promise<unknown> = Promise.resolve();
  #isIdle = true;
  #failed: { readonly error: unknown } | undefined;

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

  /** Takes over a piece that there was room for. */
  async add(piece: Piece): Promise<void> {
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.byteLength;
    if (this.#bytes >= WRITE_BYTES || this.#inFlight.isWaitedFor) await this.flush();
    // On a slow link the next piece is seconds away, and what is not written is lost with the tab.
    else if (this.#isIdle) this.flush().catch((error: unknown) => (this.#failed = { error }));
    if (this.#failed !== undefined) throw this.#failed.error;
  }

  /** Gives back the room of a buffer that is not to be written. */
  drop(bytes: number): void {
    this.#inFlight.give(bytes);
  }

  /** Writes what has not been written yet, after what is being written: one copy at a time is enough. */
  async flush(): Promise<void> {
    this.#isIdle = false;
    const write = async () => {
      const pieces = this.#pieces;
      const bytes = this.#bytes;
      this.#pieces = [];
      this.#bytes = 0;
      try {
        await putPieces(this.#database, pieces);
      } finally {
        this.#inFlight.give(bytes);
      }
    };
    const written = this.#written.then(write, write);
    this.#written = written;
    await written.finally(() => {
      this.#isIdle ||= this.#written === written;
    });
    if (this.#failed !== undefined) throw this.#failed.error;
  }
}
