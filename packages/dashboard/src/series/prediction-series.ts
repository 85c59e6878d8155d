import type { PredictionsAnswer } from "@selvedge/protocol";
import type { Answers } from "../api.ts";
import type { Slots } from "./assign-slots.ts";
import { groupBy } from "./group-by.ts";
import { compareSeries, type SeriesIdentity, seriesKey } from "./series-identity.ts";

/** One colour of the predictions chart; `slot` is `undefined` for all that have no colour of their own. */
export interface PredictionSeries {
  readonly key: string;
  readonly slot: number | undefined;
  readonly identities: readonly SeriesIdentity[];
  readonly counts: readonly number[];
  readonly total: number;
}

const NOTHING: PredictionsAnswer = { from: 0, to: 0, stepMs: 1, series: [] };

/** The predictions as a page draws them: by model where it is about all, by version and backend otherwise. */
export function drawnPredictions({
  focus,
  parts,
}: Pick<Answers, "focus" | "parts">): PredictionsAnswer {
  const answer = parts.predictions?.answer ?? NOTHING;
  return focus.model === undefined ? byModel(answer) : answer;
}

/** Adds up the versions and backends of each model. */
function byModel(answer: PredictionsAnswer): PredictionsAnswer {
  const series = [...groupBy(answer.series, ({ model }) => model)].map(([model, some]) => ({
    model,
    version: "",
    backend: "",
    counts: Array.from(
      { length: Math.max(...some.map(({ counts }) => counts.length)) },
      (_, step) => sum(some.map(({ counts }) => counts[step] ?? 0)),
    ),
  }));
  return { ...answer, series };
}

/** The keys of an answer's series, busiest first. */
export function busiestFirst({ series }: PredictionsAnswer): string[] {
  return series
    .map((one) => ({ key: seriesKey(one), total: sum(one.counts) }))
    .sort((a, b) => b.total - a.total)
    .map(({ key }) => key);
}

/** The series to draw, in a steady order; what has no colour of its own is added up at the end. */
export function predictionSeries(answer: PredictionsAnswer, slots: Slots): PredictionSeries[] {
  const sorted = answer.series.toSorted(compareSeries).map((one) => {
    const key = seriesKey(one);
    return {
      key,
      slot: slots.get(key),
      identities: [one],
      counts: one.counts,
      total: sum(one.counts),
    };
  });
  const rest = sorted.filter(({ slot }) => slot === undefined);
  const own = sorted.filter(({ slot }) => slot !== undefined);
  if (rest.length === 0) return own;
  const stepCount = Math.max(...rest.map(({ counts }) => counts.length));
  const counts = Array.from({ length: stepCount }, (_, step) =>
    sum(rest.map((one) => one.counts[step] ?? 0)),
  );
  const identities = rest.flatMap((one) => one.identities);
  return [...own, { key: "rest", slot: undefined, identities, counts, total: sum(counts) }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
