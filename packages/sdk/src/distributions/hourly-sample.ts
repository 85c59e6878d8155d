/** An hour, in milliseconds. */
export const HOUR_MS = 3_600_000;

/** How many predictions of a pack are looked at in an hour: the first, and one of each doubling. */
export const MOST_AN_HOUR = 4;

/**
 * Chooses predictions that stand for a day. Each hour has its share, so that an eager morning takes
 * nothing from the evening; within an hour the first prediction is taken, then one at random of the next
 * two, of the next four and of the next eight, so that neither is it the start of a session alone.
 */
export class HourlySample {
  #hour = Number.NaN;
  #seen = 0;
  /** Which one is taken next, counted from 1. */
  #next = 1;
  #taken = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Whether a prediction that was made at this time, in milliseconds since 1970, is taken. */
  takes(at: number): boolean {
    const hour = Math.floor(at / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#seen = 0;
      this.#next = 1;
      this.#taken = 0;
    }
    this.#seen++;
    if (this.#taken === MOST_AN_HOUR || this.#seen !== this.#next) return false;
    this.#taken++;
    const from = 2 ** this.#taken;
    this.#next = from + Math.floor(this.#random() * from);
    return true;
  }
}
