/** Something that happened, and how long it took. */
interface Step {
  readonly at: number;
  readonly durationMs: number | null;
}

/** Where a step lies on a timeline, in percent of its width. */
export interface PlacedStep<T extends Step> {
  readonly step: T;
  readonly left: number;
  readonly width: number;
  /** Milliseconds after the timeline's start. */
  readonly afterMs: number;
}

export interface Timeline<T extends Step> {
  readonly startMs: number;
  readonly totalMs: number;
  readonly steps: readonly PlacedStep<T>[];
}

/** What takes no time is known by the millisecond that it was in, the others by their microsecond. */
const MOMENT_MS = 1;

/** Lays steps out from the first one's start to the last one's end, by when they began; the longer first. */
export function placeSteps<T extends Step>(steps: readonly T[]): Timeline<T> {
  const firstBegun = Math.min(
    ...steps.filter(({ durationMs }) => durationMs !== null).map(({ at }) => at),
  );
  /** A moment in the millisecond that the first one began in was not before it. */
  const begin = ({ at, durationMs }: Step): number =>
    durationMs === null && firstBegun - at < MOMENT_MS ? Math.max(at, firstBegun) : at;
  const end = (step: Step): number => begin(step) + Math.max(0, step.durationMs ?? 0);
  const startMs = steps.length === 0 ? 0 : Math.min(...steps.map(begin));
  const totalMs = steps.length === 0 ? 0 : Math.max(...steps.map(end)) - startMs;
  const percent = (ms: number): number => (totalMs > 0 ? (100 * ms) / totalMs : 0);
  return {
    startMs,
    totalMs,
    steps: steps
      .toSorted((a, b) => begin(a) - begin(b) || end(b) - end(a))
      .map((step) => ({
        step,
        left: percent(begin(step) - startMs),
        width: percent(end(step) - begin(step)),
        afterMs: begin(step) - startMs,
      })),
  };
}
