import { accuracy, macroF1, top5 } from "./class-metrics.ts";
import type { Observation, ObservationKind } from "./observation.ts";
import { characterErrorRate, exactMatch, wordErrorRate } from "./text-metrics.ts";
import {
  coefficientOfDetermination,
  cosineSimilarity,
  meanAbsoluteError,
  meanSquaredError,
  rootMeanSquaredError,
} from "./value-metrics.ts";

/** The metrics that models can be tested by. */
export const METRIC_NAMES = [
  "accuracy",
  "top5",
  "f1",
  "mse",
  "mae",
  "rmse",
  "r2",
  "cosine",
  "cer",
  "wer",
  "exact",
] as const;

/** One of the metrics that models can be tested by. */
export type MetricName = (typeof METRIC_NAMES)[number];

/** How a metric is computed, and which way is better. */
export interface Metric {
  /** What it looks at: classes and texts against labels, values against outputs or labels. */
  readonly on: ObservationKind;
  /**
   * `share`: from 0 to 1, which is best. `rate`: from 0, which is best, and 1 − rate is its score.
   * `similarity`: the higher, the better. `error`: the lower, the better.
   */
  readonly scale: "share" | "rate" | "similarity" | "error";
  readonly of: (cases: readonly Observation[]) => number;
  /** What cases are ranked by, where one of them alone has no such value. */
  readonly caseOf?: (cases: readonly Observation[]) => number;
}

/** Every metric. */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  accuracy: { on: "classes", scale: "share", of: accuracy },
  top5: { on: "classes", scale: "share", of: top5 },
  f1: { on: "classes", scale: "share", of: macroF1, caseOf: accuracy },
  mse: { on: "values", scale: "error", of: meanSquaredError },
  mae: { on: "values", scale: "error", of: meanAbsoluteError },
  rmse: { on: "values", scale: "error", of: rootMeanSquaredError },
  r2: {
    on: "values",
    scale: "similarity",
    of: coefficientOfDetermination,
    // One case alone has no spread to speak of. Turned round, since a higher value is a better one.
    caseOf: (cases) => -meanSquaredError(cases),
  },
  cosine: { on: "values", scale: "similarity", of: cosineSimilarity },
  cer: { on: "text", scale: "rate", of: characterErrorRate },
  wer: { on: "text", scale: "rate", of: wordErrorRate },
  exact: { on: "text", scale: "share", of: exactMatch },
};

/** Whether a higher value of it is a better one. */
export function isHigherBetter({ scale }: Metric): boolean {
  return scale === "share" || scale === "similarity";
}
