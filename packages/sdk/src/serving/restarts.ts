/**
 * So many failures in a while, with no answer between them, are enough. An engine that hangs may take a
 * minute to fail.
 */
const MOST_FAILURES = 5;
const WINDOW_MS = 10 * 60_000;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** A place that fails as often in so many milliseconds is unsteady, though it recovers each time. */
const UNSTEADY_FAILURES = 4;
const UNSTEADY_WINDOW_MS = 5 * 60_000;

/**
 * How often engines of a model have failed, and whether another may be started now. After too many
 * failures in a row there is a pause, which doubles each time until something has been answered.
 */
export class Restarts {
  readonly #now: () => number;
  /** When engines failed since something was answered. */
  #failures: number[] = [];
  /** When what serves now failed, whether or not it has answered since. */
  #ofServing: number[] = [];
  #pauseMs = 0;
  #pausedUntil = 0;
  /** When it answered first since it failed, or began to serve. */
  #steadyFrom: number | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  failed(): void {
    const now = this.#now();
    this.#failures.push(now);
    this.#ofServing.push(now);
    this.#steadyFrom = undefined;
  }

  /** Something was answered: what happened before is forgiven. */
  answered(): void {
    this.forgive();
    this.#steadyFrom ??= this.#now();
  }

  /** Whatever failed, the next engine may be started now. */
  forgive(): void {
    this.#failures = [];
    this.#pauseMs = 0;
    this.#pausedUntil = 0;
  }

  /** Another place serves, or what failed was not its fault. */
  changed(): void {
    this.#ofServing = [];
    this.#steadyFrom = undefined;
  }

  /** For how many milliseconds it has answered without a failure; 0 where it has not answered yet. */
  get steadyMs(): number {
    return this.#steadyFrom === undefined ? 0 : this.#now() - this.#steadyFrom;
  }

  /** Whether what serves fails again and again, and would better be replaced. */
  get isUnsteady(): boolean {
    const since = this.#now() - UNSTEADY_WINDOW_MS;
    this.#ofServing = this.#ofServing.filter((at) => at > since);
    return this.#ofServing.length >= UNSTEADY_FAILURES;
  }

  /**
   * Nothing has answered. Begins a pause where that has happened too often.
   *
   * @returns whether it did
   */
  gaveUp(): boolean {
    const now = this.#now();
    const recent = this.#failures.filter((at) => at > now - WINDOW_MS);
    this.#failures = recent;
    if (this.#pauseMs === 0 && recent.length <= MOST_FAILURES) return false;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs));
    this.#pausedUntil = now + this.#pauseMs;
    return true;
  }

  /** Milliseconds until another engine may be started. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - this.#now());
  }
}
