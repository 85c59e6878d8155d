import { type BlobRef, PIECE_BYTES } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { readPiece } from "../store/pieces.ts";

/** Where a tensor is read from. */
interface Source {
  readonly database: Database;
  readonly blob: BlobRef;
  /** Told why it could not be read: onnxruntime-web keeps that to itself. */
  readonly onFailure: (reason: unknown) => void;
}

/**
 * A tensor that is read from the store, and checked, piece by piece when a runtime asks for it. To
 * onnxruntime-web it is a `Blob`, of which the build with JSPI asks for a slice and reads that as a
 * stream, one tensor after the other. A real one would have been held by the browser meanwhile.
 */
export class StoredTensor extends Blob {
  readonly #source: Source;
  readonly #from: number;
  readonly #to: number;

  constructor(source: Source, from = 0, to: number = source.blob.bytes) {
    super();
    this.#source = source;
    this.#from = from;
    this.#to = to;
  }

  override get size(): number {
    return this.#to - this.#from;
  }

  override slice(start = 0, end: number = this.size): StoredTensor {
    const from = this.#from + start;
    return new StoredTensor(this.#source, from, Math.min(this.#from + end, this.#to));
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { database, blob, onFailure } = this.#source;
    let at = this.#from;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => {
      const index = Math.floor(at / PIECE_BYTES);
      const start = index * PIECE_BYTES;
      try {
        const piece = new Uint8Array(await readPiece(database, blob, index));
        const part = piece.subarray(at - start, this.#to - start);
        at += part.byteLength;
        controller.enqueue(part);
        if (at >= this.#to) controller.close();
      } catch (reason) {
        onFailure(reason);
        throw reason;
      }
    };
    // Nothing is read ahead.
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }
}
