import type { WantedPiece } from "./plan.ts";

/** Pieces of one segment, in any order, with or without gaps. */
export interface Wanted {
  readonly segment: { readonly sha256: string; readonly bytes: number };
  readonly pieces: readonly WantedPiece[];
}

/** A segment, and what its host has shown of itself. */
export interface SegmentState {
  readonly sha256: string;
  readonly bytes: number;
  /** Whether the host answers ranges of it; `undefined` until it was asked. */
  hasRange: boolean | undefined;
  /** A strong validator of the bytes that ranges are taken from, where it may be sent back. */
  etag: string | undefined;
  /** Whether a piece that came as part of a range has ever been right. */
  hasProvenRange: boolean;
  /** Ranges in a row that brought nothing usable. */
  uselessRanges: number;
}

/** What one request is to bring. */
export interface Job {
  readonly segment: SegmentState;
  /** What has not come yet, in the order of the segment. */
  pieces: WantedPiece[];
  /** What came of the first of them before the answer broke off. */
  part: PartOfPiece | undefined;
}

/** A piece under way. */
export interface PartOfPiece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  filled: number;
}

interface Line {
  readonly state: SegmentState;
  /** What no one fetches yet, in the order of the segment. */
  pieces: WantedPiece[];
  /** What came back unfinished: has to be gone on with first. */
  readonly unfinished: Job[];
  running: number;
}

/**
 * What is still to be fetched, by segment. A segment whose host has not shown whether it knows ranges
 * is given to one request at a time, and so is one whose host does not.
 */
export class SegmentQueue {
  readonly #lines: Line[] = [];
  readonly #onDrop: (bytes: number) => void;

  /**
   * Empty pieces are left out: there is nothing to ask for.
   *
   * @param onDrop told of the bytes of buffers that will not be filled after all
   */
  constructor(ranges: readonly Wanted[], onDrop: (bytes: number) => void) {
    this.#onDrop = onDrop;
    for (const { segment, pieces } of ranges) {
      const line = this.#lines.find(({ state }) => state.sha256 === segment.sha256);
      if (line === undefined) this.#lines.push(lineOf(segment, pieces));
      else line.pieces.push(...pieces);
    }
    for (const line of this.#lines)
      line.pieces = line.pieces.filter((piece) => !isEmpty(piece)).sort(inOrder);
  }

  /**
   * Takes what the next request is to bring: pieces without a gap, of so many bytes or hardly more;
   * everything that is wanted of a segment without ranges. `undefined` where nothing can begin now.
   */
  take(bytes: number): Job | undefined {
    const free = this.#lines.filter(({ running, state }) => running === 0 || state.hasRange);
    // Whatever is unfinished holds memory, or tells soonest that trying is no use.
    const line = free.find(({ unfinished }) => unfinished.length > 0);
    const job = line?.unfinished.shift() ?? this.#takeFresh(free, bytes);
    if (job === undefined) return undefined;
    this.#lineOf(job).running += 1;
    if (job.segment.hasRange === false) this.takeRest(job);
    return job;
  }

  /** Adds to a job whatever else is wanted of its segment: its answer holds it all. */
  takeRest(job: Job): void {
    const line = this.#lineOf(job);
    const others = line.unfinished.splice(0);
    for (const other of others) this.drop(other);
    const [first] = job.pieces;
    job.pieces.push(...line.pieces.splice(0), ...others.flatMap(({ pieces }) => pieces));
    job.pieces.sort(inOrder);
    if (job.pieces[0] !== first) this.drop(job);
  }

  /** Forgets what came of a piece. */
  drop(job: Job): void {
    if (job.part !== undefined) this.#onDrop(job.part.bytes.byteLength);
    job.part = undefined;
  }

  /** A request is over; what it did not bring is for another. */
  giveBack(job: Job): void {
    const line = this.#lineOf(job);
    line.running -= 1;
    if (job.pieces.length > 0) line.unfinished.push(job);
  }

  #takeFresh(lines: readonly Line[], bytes: number): Job | undefined {
    const line = lines.find(({ pieces }) => pieces.length > 0);
    return line && jobOf(line, bytes);
  }

  #lineOf({ segment }: Job): Line {
    const line = this.#lines.find(({ state }) => state === segment);
    if (line === undefined) throw new RangeError(`No segment ${segment.sha256} in this queue.`);
    return line;
  }
}

/** Whether a piece has no bytes. */
export function isEmpty({ start, end }: WantedPiece): boolean {
  return start === end;
}

function lineOf({ sha256, bytes }: Wanted["segment"], pieces: readonly WantedPiece[]): Line {
  const state: SegmentState = {
    sha256,
    bytes,
    hasRange: undefined,
    etag: undefined,
    hasProvenRange: false,
    uselessRanges: 0,
  };
  return { state, pieces: [...pieces], unfinished: [], running: 0 };
}

function jobOf({ state, pieces }: Line, bytes: number): Job | undefined {
  const [first] = pieces;
  if (first === undefined) return undefined;
  const gap = pieces.findIndex((piece, i) => i > 0 && piece.start !== pieces[i - 1]?.end);
  const run = gap === -1 ? pieces : pieces.slice(0, gap);
  const end = run.at(-1)?.end ?? first.end;
  // A small rest is not worth a request of its own.
  const isShort = end - first.start <= bytes * 1.5;
  const enough = run.findIndex((piece) => piece.end - first.start >= bytes) + 1;
  const count = isShort || enough === 0 ? run.length : enough;
  return { segment: state, pieces: pieces.splice(0, count), part: undefined };
}

function inOrder(a: WantedPiece, b: WantedPiece): number {
  return a.start - b.start || a.end - b.end;
}
