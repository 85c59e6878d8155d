import { SelvedgeError } from "@selvedge/protocol";
import { Hasher } from "../store/hasher.ts";
import type { Piece } from "../store/pieces.ts";
import { cutPieces } from "./cut-pieces.ts";
import type { Network } from "./network.ts";
import { Pace } from "./pace.ts";
import type { PieceWriter } from "./piece-writer.ts";
import type { WantedPiece } from "./plan.ts";
import { isEmpty, type Job, type PartOfPiece, SegmentQueue, type Wanted } from "./segment-queue.ts";
import { isEncoded, type Opened, SegmentSource, UselessRange } from "./segment-source.ts";
import { Tries } from "./tries.ts";

/**
 * So many ranges in a row that bring nothing are taken to be the host's doing: the last try is for the
 * whole segment. Fewer may be a bad link's, which should not pay for everything again.
 */
const MAX_USELESS = 4;

/** Where pieces come from, and where they go. */
export interface FetchOptions {
  readonly registry: string;
  readonly name: string;
  readonly network: Network;
  readonly signal: AbortSignal;
  /** Requests at once, at most; with one, pieces come in the order of their ranges. */
  readonly lanes: number;
  readonly writer: Pick<PieceWriter, "room" | "drop">;
  /** Takes over a verified piece, its bytes and its room. */
  readonly onPiece: (piece: Piece) => Promise<void>;
}

/**
 * Fetches ranges of segments, several at once, and hands over their pieces one by one, each checked
 * against its digest. What breaks off is gone on with where it broke. A host without Range is asked
 * for each segment once. A piece that does not match is asked for once more, past every cache, before
 * the host is taken to be wrong. No request is left running when this settles.
 *
 * @throws SelvedgeError `integrity` for bytes that are not what the manifest says, and whatever
 * `request` throws and trying again does not mend.
 */
export async function fetchPieces(ranges: readonly Wanted[], options: FetchOptions): Promise<void> {
  const { signal } = options;
  signal.throwIfAborted();
  const inner = new AbortController();
  const abort = () => inner.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    await new PieceFetch(ranges, options, inner).run();
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

class PieceFetch {
  readonly #options: FetchOptions;
  readonly #inner: AbortController;
  readonly #queue: SegmentQueue;
  readonly #pace: Pace;
  readonly #tries: Tries;
  readonly #source: SegmentSource;
  readonly #hasher = new Hasher();
  readonly #running = new Set<Promise<void>>();
  readonly #empty: readonly { piece: WantedPiece; segment: Wanted["segment"] }[];
  #resting = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(ranges: readonly Wanted[], options: FetchOptions, inner: AbortController) {
    const { network, writer, lanes } = options;
    this.#options = options;
    this.#inner = inner;
    this.#queue = new SegmentQueue(ranges, (bytes) => writer.drop(bytes));
    this.#empty = ranges.flatMap(({ pieces, segment }) =>
      pieces.filter(isEmpty).map((piece) => ({ piece, segment })),
    );
    this.#pace = new Pace(lanes, network.now);
    this.#tries = new Tries({ network, signal: inner.signal });
    this.#source = new SegmentSource(options, this.#pace);
  }

  async run(): Promise<void> {
    await this.#finishEmpty();
    for (this.#fill(); this.#running.size > 0; this.#fill()) await Promise.race(this.#running);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** An empty piece has no range that could be asked for. */
  async #finishEmpty(): Promise<void> {
    for (const { piece, segment } of this.#empty) {
      const bytes = new ArrayBuffer(0);
      if ((await this.#hasher.sha256(new Uint8Array())) !== piece.digest)
        throw this.#notWhatItSays(piece, segment);
      await this.#options.onPiece({ key: piece.key, bytes });
    }
  }

  /** Begins as many requests as may run. */
  #fill(): void {
    while (this.#failure === undefined && this.#resting === 0) {
      if (this.#running.size >= this.#pace.lanes) return;
      const job = this.#queue.take(this.#pace.requestBytes);
      if (job === undefined) return;
      const lane = this.#carryOut(job)
        .catch((error: unknown) => {
          this.#failure ??= { error };
          this.#inner.abort(error);
        })
        .finally(() => this.#running.delete(lane));
      this.#running.add(lane);
    }
  }

  /** Fetches what it can of a job. What is left goes back to the queue. */
  async #carryOut(job: Job): Promise<void> {
    const { round } = this.#tries;
    try {
      await this.#fetch(job);
      this.#queue.giveBack(job);
    } catch (error) {
      const isForWhole = error instanceof UselessRange;
      if (isForWhole) this.#queue.drop(job);
      this.#queue.giveBack(job);
      if (isForWhole) return;
      this.#pace.failed();
      this.#resting += 1;
      await this.#tries.again(error, round).finally(() => {
        this.#resting -= 1;
      });
    }
  }

  async #fetch(job: Job): Promise<void> {
    const { segment } = job;
    const opened = await this.#source.open(job, this.#inner.signal);
    if (segment.hasRange === false) this.#queue.takeRest(job);
    this.#fill();
    const before = { left: job.pieces.length, filled: job.part?.filled ?? 0 };
    try {
      for await (const piece of this.#cut(job, opened)) await this.#finish(piece, job, opened);
    } catch (error) {
      const { pieces, part } = job;
      if (opened.isRange && pieces.length === before.left && (part?.filled ?? 0) <= before.filled)
        segment.uselessRanges += isEncoded(opened.answer) ? MAX_USELESS : 1;
      if (segment.uselessRanges >= MAX_USELESS) segment.hasRange = false;
      throw error;
    } finally {
      opened.answer.end();
    }
  }

  #cut(job: Job, { answer, position }: Opened): AsyncGenerator<WantedPiece> {
    return cutPieces(job, {
      answer,
      position,
      room: (bytes) => this.#options.writer.room(bytes, this.#inner.signal),
      onBytes: (bytes) => {
        this.#pace.came(bytes);
        this.#fill();
      },
      about: this.#source.about(job.segment),
    });
  }

  /** Checks the piece that is complete, heals it where it can be, and hands it over. */
  async #finish(piece: WantedPiece, job: Job, opened: Opened): Promise<void> {
    const { segment, part } = job;
    if (part === undefined) throw new RangeError("A piece is complete of which nothing has come.");
    if ((await this.#hasher.sha256(part.bytes)) !== piece.digest)
      await this.#heal(piece, job, { part, opened });
    else if (opened.isRange) segment.hasProvenRange = true;
    job.pieces.shift();
    job.part = undefined;
    segment.uselessRanges = 0;
    this.#tries.progressed();
    await this.#options.onPiece({ key: piece.key, bytes: part.bytes.buffer });
  }

  /** Asks for a piece again, past every cache, while the rest of its answer waits. */
  async #heal(
    piece: WantedPiece,
    job: Job,
    { part, opened }: { part: PartOfPiece; opened: Opened },
  ): Promise<void> {
    const { segment } = job;
    // Where no range was ever right, it may be ranges that are not; of an encoded body, most likely.
    const isDoubtful = opened.isRange && !segment.hasProvenRange;
    if (isDoubtful && isEncoded(opened.answer)) throw new UselessRange(segment);
    part.filled = 0;
    const again: Job = { segment, pieces: [piece], part };
    const second = await this.#source.open(again, this.#inner.signal, "reload");
    try {
      for await (const _ of this.#cut(again, second)) {
        if ((await this.#hasher.sha256(part.bytes)) === piece.digest) return;
        part.filled = 0;
        throw isDoubtful ? new UselessRange(segment) : this.#notWhatItSays(piece, segment);
      }
    } finally {
      second.answer.end();
    }
  }

  #notWhatItSays({ start, end }: WantedPiece, segment: { sha256: string }): SelvedgeError {
    const { document, url } = this.#source.about(segment);
    return new SelvedgeError(
      "integrity",
      `${document}: bytes ${start}–${end - 1} of ${url} are not what the manifest says, twice. Nothing of them was kept; publish the version again.`,
      { detail: { url, start, end } },
    );
  }
}
