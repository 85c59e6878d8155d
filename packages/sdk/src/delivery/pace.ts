import { PIECE_BYTES } from "@selvedge/protocol";

/** What one request asks for where more is wanted, at least. */
const REQUEST_BYTES = 4 * PIECE_BYTES;
const LARGEST_REQUEST_BYTES = 32 * PIECE_BYTES;
/** A request takes at least this many times as long as asking for it does. */
const ROUND_TRIPS_A_REQUEST = 8;
/** Throughput is judged over this much, and over this many round trips. */
const WINDOW_BYTES = 2 * PIECE_BYTES;
const WINDOW_ROUND_TRIPS = 2;
/** One request more has to bring this much more, or there is nothing to be had from it. */
const WORTHWHILE = 1.1;

/**
 * How many requests run at once, and how much each asks for: one until a host has answered, then one
 * more for as long as that brings more bytes a second; after a failure one again.
 */
export class Pace {
  readonly #most: number;
  readonly #now: () => number;
  #lanes = 1;
  #roundTripMs: number | undefined;
  #bestRate = 0;
  #windowStart = 0;
  #windowBytes = 0;

  /** @param most requests at once */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** How many requests may run at once. */
  get lanes(): number {
    return this.#lanes;
  }

  /** How long a host took to answer, at the shortest; `undefined` until one has. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** How much the next request should ask for, in bytes. */
  get requestBytes(): number {
    const perLane = (this.#bestRate / this.#lanes) * (this.#roundTripMs ?? 0);
    const worthwhile = perLane * ROUND_TRIPS_A_REQUEST;
    return Math.min(LARGEST_REQUEST_BYTES, Math.max(REQUEST_BYTES, worthwhile));
  }

  /** A host has answered. */
  answered(roundTripMs: number): void {
    if (this.#roundTripMs === undefined || this.#bestRate === 0) this.#startWindow();
    this.#roundTripMs = Math.min(this.#roundTripMs ?? roundTripMs, roundTripMs);
    this.#lanes = Math.max(this.#lanes, Math.min(2, this.#most));
  }

  /** Bytes have come. */
  came(bytes: number): void {
    this.#windowBytes += bytes;
    const elapsedMs = this.#now() - this.#windowStart;
    const longEnough = Math.max(1, WINDOW_ROUND_TRIPS * (this.#roundTripMs ?? 0));
    if (this.#windowBytes < WINDOW_BYTES || elapsedMs < longEnough) return;
    const rate = this.#windowBytes / elapsedMs;
    if (rate > this.#bestRate * WORTHWHILE) this.#lanes = Math.min(this.#most, this.#lanes + 1);
    this.#bestRate = Math.max(this.#bestRate, rate);
    this.#startWindow();
  }

  /** A request has failed: what else runs may be what was too much. */
  failed(): void {
    this.#lanes = 1;
    this.#bestRate = 0;
  }

  #startWindow(): void {
    this.#windowStart = this.#now();
    this.#windowBytes = 0;
  }
}
