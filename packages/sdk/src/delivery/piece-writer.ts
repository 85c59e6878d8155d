import type { Database } from "../store/database.ts";
import { type Piece, putPieces } from "../store/pieces.ts";

/** Pieces are written in transactions of about this size: one each costs four times as much. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** Writes pieces to the store, several at a time. */
export class PieceWriter {
  readonly #database: Database;
  #pieces: Piece[] = [];
  #bytes = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(piece: Piece): Promise<void> {
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.byteLength;
    if (this.#bytes >= WRITE_BYTES) await this.flush();
  }

  /** Writes what has not been written yet. */
  async flush(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    await putPieces(this.#database, pieces);
  }
}
