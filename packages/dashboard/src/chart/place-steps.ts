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

/** Lays steps out from the first one's start to the last one's end, by when they began; the longer first. */
export function placeSteps<T extends Step>(steps: readonly T[]): Timeline<T> {
  const end = ({ at, durationMs }: Step): number => at + Math.max(0, durationMs ?? 0);
  const startMs = steps.length === 0 ? 0 : Math.min(...steps.map(({ at }) => at));
  const totalMs = steps.length === 0 ? 0 : Math.max(...steps.map(end)) - startMs;
  const percent = (ms: number): number => (totalMs > 0 ? (100 * ms) / totalMs : 0);
  return {
    startMs,
    totalMs,
    steps: steps
      .toSorted((a, b) => a.at - b.at || end(b) - end(a))
      .map((step) => ({
        step,
        left: percent(step.at - startMs),
        width: percent(end(step) - step.at),
        afterMs: step.at - startMs,
      })),
  };
}
