import type {
  AccuracyAnswer,
  AlertState,
  AlertsAnswer,
  ComparisonAnswer,
  DriftAnswer,
  DriftBin,
  FeatureDrift,
  FeedbackDays,
  HealthAnswer,
  PredictionAnswer,
  Quantiles,
  StatsAnswer,
} from "@selvedge/protocol";
import {
  type Guard,
  isBoolean,
  isEither,
  isListOf,
  isNullOr,
  isNumber,
  isOneOf,
  isRecordOf,
  isShape,
  isText,
} from "./shape.ts";

const isQuantiles = isShape<Quantiles>({
  count: isNumber,
  p50: isNumber,
  p95: isNumber,
  p99: isNumber,
});
const isInterval = isShape<{ value: number; low: number; high: number }>({
  value: isNumber,
  low: isNumber,
  high: isNumber,
});
const isSignals = isShape<StatsAnswer["received"]>({
  metrics: isNumber,
  logs: isNumber,
  traces: isNumber,
});
const isAlertState = isOneOf<AlertState>(["ok", "pending", "firing", "no-data"]);

export const isHealthAnswer: Guard<HealthAnswer> = isShape<HealthAnswer>({
  groups: isListOf(
    isShape<HealthAnswer["groups"][number]>({
      model: isText,
      version: isText,
      backend: isText,
      browser: isText,
      device: isText,
      predictions: isNumber,
      failures: isNumber,
      loads: isNumber,
      restarts: isNumber,
      rejections: isNumber,
      latency: isNullOr(isQuantiles),
      memoryP95: isNullOr(isNumber),
    }),
  ),
  dropped: isListOf(isShape<HealthAnswer["dropped"][number]>({ reason: isText, count: isNumber })),
});

export const isDriftAnswer: Guard<DriftAnswer> = isShape<DriftAnswer>({
  model: isText,
  version: isText,
  from: isNumber,
  to: isNumber,
  baseline: isOneOf(["reference", "previous"]),
  signedBy: isNullOr(isListOf(isText)),
  features: isListOf(
    isShape<FeatureDrift>({
      feature: isText,
      side: isOneOf(["input", "output"]),
      measure: isText,
      verdict: isOneOf(["stable", "drifting", "too-few", "no-baseline"]),
      contributors: isNumber,
      psi: isNullOr(isNumber),
      jensenShannon: isNullOr(isNumber),
      kolmogorovSmirnov: isNullOr(isNumber),
      missing: isNullOr(isNumber),
      outOfRange: isNullOr(isNumber),
      unseen: isNullOr(isNumber),
      bins: isListOf(isShape<DriftBin>({ label: isText, baseline: isNumber, observed: isNumber })),
    }),
  ),
});

type VersionAccuracy = AccuracyAnswer["versions"][number];

const isDays = isNullOr(isShape<FeedbackDays>({ from: isNumber, to: isNumber, count: isNumber }));

export const isAccuracyAnswer: Guard<AccuracyAnswer> = isShape<AccuracyAnswer>({
  versions: isListOf(
    isShape<VersionAccuracy>({
      model: isText,
      version: isText,
      judged: isNumber,
      correct: isNumber,
      accuracy: isNullOr(isInterval),
      days: isShape<VersionAccuracy["days"]>({
        calibration: isDays,
        confusion: isDays,
        error: isDays,
      }),
      calibration: isListOf(
        isShape<VersionAccuracy["calibration"][number]>({
          from: isNumber,
          to: isNumber,
          judged: isNumber,
          correct: isNumber,
        }),
      ),
      calibrationError: isNullOr(isNumber),
      confusion: isListOf(
        isShape<VersionAccuracy["confusion"][number]>({
          predicted: isText,
          label: isText,
          count: isNumber,
        }),
      ),
      classNames: isRecordOf(isText),
      error: isNullOr(
        isShape<NonNullable<VersionAccuracy["error"]>>({
          count: isNumber,
          p50: isNumber,
          p95: isNullOr(isNumber),
          p99: isNullOr(isNumber),
        }),
      ),
    }),
  ),
});

const isFigure = isNullOr(
  isShape<{ value: number; count: number }>({ value: isNumber, count: isNumber }),
);

export const isComparisonAnswer: Guard<ComparisonAnswer> = isShape<ComparisonAnswer>({
  model: isText,
  a: isText,
  b: isText,
  comparisons: isListOf(
    isShape<ComparisonAnswer["comparisons"][number]>({
      metric: isOneOf(["failure-rate", "latency-p50", "latency-p95", "accuracy"]),
      a: isFigure,
      b: isFigure,
      difference: isNullOr(isInterval),
      verdict: isOneOf(["b-better", "b-worse", "no-difference", "too-few"]),
    }),
  ),
});

export const isPredictionAnswer: Guard<PredictionAnswer> = isShape<PredictionAnswer>({
  id: isText,
  steps: isListOf(
    isShape<PredictionAnswer["steps"][number]>({
      at: isNumber,
      kind: isOneOf(["record", "span"]),
      name: isText,
      durationMs: isNullOr(isNumber),
      attributes: isRecordOf<string | number | boolean>(
        isEither(isText, isEither(isNumber, isBoolean)),
      ),
    }),
  ),
});

type Rule = AlertsAnswer["rules"][number];

export const isAlertsAnswer: Guard<AlertsAnswer> = isShape<AlertsAnswer>({
  rules: isListOf(
    isShape<Rule>({
      name: isText,
      kind: isOneOf(["threshold", "change", "burn-rate", "drift"]),
      severity: isOneOf(["info", "warning", "critical"]),
      summary: isText,
      unit: isOneOf(["share", "milliseconds", "bytes", "number"]),
      instances: isListOf(
        isShape<Rule["instances"][number]>({
          labels: isRecordOf(isText),
          state: isAlertState,
          since: isNumber,
          value: isNullOr(isNumber),
        }),
      ),
    }),
  ),
  history: isListOf(
    isShape<AlertsAnswer["history"][number]>({
      at: isNumber,
      rule: isText,
      labels: isRecordOf(isText),
      from: isAlertState,
      to: isAlertState,
      value: isNullOr(isNumber),
      delivered: isNullOr(isBoolean),
    }),
  ),
});

export const isStatsAnswer: Guard<StatsAnswer> = isShape<StatsAnswer>({
  startedAt: isNumber,
  bytesOnDisk: isNumber,
  rows: isRecordOf(isNumber),
  received: isSignals,
  refused: isSignals,
  capped: isRecordOf(isNumber),
});
