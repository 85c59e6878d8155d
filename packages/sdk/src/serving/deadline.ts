/** However quick a model is, what takes no longer than this may be the device, busy with other things. */
const FLOOR_MS = 5_000;

/** Nothing is waited for longer, unless a caller says so: long enough for a slow phone's first run. */
export const CAP_MS = 60_000;

/** A first run in a fresh worker compiles what later ones find compiled. */
const FRESH_FLOOR_MS = 15_000;

/** How many times the longest run so far a run may take. */
const PATIENCE = 10;

/** How many runs are remembered: what was slow once, long ago, is forgotten. */
const REMEMBERED = 64;

interface Run {
  readonly elements: number;
  readonly milliseconds: number;
}

/** How long the runs of one model took on one place, and how long the next may take. */
export class RunTimes {
  #runs: Run[] = [];

  /** @param elements how many the inputs had together */
  note(elements: number, milliseconds: number): void {
    this.#runs.push({ elements, milliseconds });
    if (this.#runs.length > REMEMBERED) this.#runs.shift();
  }

  /**
   * Milliseconds: ten times the longest so far, more in proportion for inputs larger than any so far,
   * within the floor and the cap. Nothing is known of a first run, nor of one four times as large as any.
   */
  deadlineMs(elements: number, { isFresh }: { readonly isFresh: boolean }): number {
    const largest = Math.max(0, ...this.#runs.map((run) => run.elements));
    if (this.#runs.length === 0 || elements > 4 * largest) return CAP_MS;
    const longest = Math.max(...this.#runs.map((run) => run.milliseconds));
    const growth = Math.max(1, largest === 0 ? 1 : elements / largest);
    const floor = isFresh ? FRESH_FLOOR_MS : FLOOR_MS;
    return Math.min(CAP_MS, Math.max(floor, PATIENCE * longest * growth));
  }
}

/**
 * Milliseconds that may be taken by what took `lastMs` the last time, such as opening a pack again.
 *
 * @param lastMs absent where it has not been done yet
 */
export function againWithin(
  lastMs: number | undefined,
  { floorMs, capMs }: { readonly floorMs: number; readonly capMs: number },
): number {
  return lastMs === undefined ? capMs : Math.min(capMs, Math.max(floorMs, PATIENCE * lastMs));
}
