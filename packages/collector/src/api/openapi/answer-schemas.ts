import {
  count,
  described,
  list,
  nullable,
  number,
  object,
  oneOf,
  record,
  reference,
  type Schema,
  share,
  text,
  time,
} from "./schema.ts";

const series = { model: text, version: text, backend: text };
const state = oneOf("ok", "pending", "firing", "no-data");
const labels = record(text);
const measured = nullable(object({ value: number, count }));
const days = nullable(
  object({
    from: time,
    to: time,
    count: described(count, "Of how many days between the two; others told too little."),
  }),
);
const interval = nullable(object({ value: number, low: number, high: number }));

/** What each question is answered with, by the name of its type in `collector-api.ts` of the protocol. */
export const ANSWER_SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: object({
    code: described(text, "What went wrong, for programs."),
    message: described(text, "What went wrong and what to do, for people."),
  }),
  Quantiles: object({ count, p50: number, p95: number, p99: number }),
  ModelsAnswer: object({
    models: list(
      object({
        name: text,
        versions: list(
          object({
            version: text,
            dtypes: list(text),
            backends: list(text),
            predictions: count,
            failures: count,
            firstSeen: time,
            lastSeen: time,
          }),
        ),
      }),
    ),
  }),
  PredictionsAnswer: object({
    from: time,
    to: time,
    stepMs: count,
    series: list(object({ ...series, counts: described(list(count), "One number a step.") })),
  }),
  LatencyAnswer: object({
    from: time,
    to: time,
    stepMs: count,
    predict: list(
      object({
        ...series,
        dtype: text,
        ...{ count, p50: number, p95: number, p99: number },
        steps: list(nullable(reference("Quantiles"))),
      }),
    ),
    load: list(
      object({ ...series, phase: text, ...{ count, p50: number, p95: number, p99: number } }),
    ),
  }),
  FailuresAnswer: object({
    failures: list(
      object({ ...series, device: text, operation: text, code: text, count, lastSeen: time }),
    ),
  }),
  HealthAnswer: object({
    groups: list(
      object({
        ...series,
        browser: described(text, "Name and major version, or unknown."),
        device: described(text, "desktop-high, desktop-low, mobile-high, mobile-low or unknown."),
        predictions: count,
        failures: count,
        loads: count,
        restarts: count,
        rejections: count,
        latency: nullable(reference("Quantiles")),
        memoryP95: described(nullable(count), "Bytes that an engine held."),
      }),
    ),
    dropped: list(object({ reason: text, count })),
  }),
  DriftAnswer: object({
    model: text,
    version: text,
    from: described(time, "Where the first of the blocks of days begins that were looked at."),
    to: described(time, "Where the last of them ends."),
    baseline: oneOf("reference", "previous"),
    signedBy: described(
      nullable(list(text)),
      "Ids of the keys that signed the reference; null where the collector has none to check with.",
    ),
    features: described(list(reference("FeatureDrift")), "What drifts most comes first."),
  }),
  FeatureDrift: object({
    feature: text,
    side: oneOf("input", "output"),
    measure: text,
    verdict: oneOf("stable", "drifting", "too-few", "no-baseline"),
    contributors: described(count, "Devices and days that counts came from."),
    psi: described(nullable(count), "Population stability index."),
    jensenShannon: nullable(share),
    kolmogorovSmirnov: nullable(share),
    missing: described(nullable(share), "null where it may not be known."),
    outOfRange: nullable(share),
    unseen: nullable(share),
    bins: described(
      list(object({ label: text, baseline: share, observed: share })),
      "Bins are joined until each has at least 50 contributors.",
    ),
  }),
  AccuracyAnswer: object({
    versions: list(
      object({
        model: text,
        version: text,
        judged: count,
        correct: count,
        accuracy: interval,
        days: object({
          calibration: described(days, "Of the blocks of days that told any; null for none."),
          confusion: described(days, "Of all blocks of days; null before there is one."),
          error: described(days, "Of the blocks of days that told any; null for none."),
        }),
        calibration: described(
          list(object({ from: share, to: share, judged: count, correct: count })),
          "By range of confidence: tenths are joined until 50 were right and 50 wrong.",
        ),
        calibrationError: described(
          nullable(share),
          "Expected calibration error, at least: how far accuracies lie outside of their ranges.",
        ),
        confusion: described(
          list(object({ predicted: text, label: text, count })),
          "Pairs of 50 predictions and more; all others are one, other, where they have 50 together.",
        ),
        classNames: described(
          record(text),
          "What classes that go by their place are called, where the registry has a file of their names.",
        ),
        error: described(
          nullable(object({ count, p50: number, p95: nullable(number), p99: nullable(number) })),
          "How far values were off. A quantile is null where fewer than 50 values lie beyond it: p95 below 1,000 values, p99 below 5,000; null altogether below 100.",
        ),
      }),
    ),
  }),
  ComparisonAnswer: object({
    model: text,
    a: text,
    b: text,
    comparisons: list(
      object({
        metric: oneOf("failure-rate", "latency-p50", "latency-p95", "accuracy"),
        a: measured,
        b: measured,
        difference: described(interval, "b − a with its 95% confidence interval."),
        verdict: oneOf("b-better", "b-worse", "no-difference", "too-few"),
      }),
    ),
  }),
  PredictionAnswer: object({
    id: text,
    steps: list(
      object({
        at: described(number, "Milliseconds since 1970, to the microsecond for spans."),
        kind: oneOf("record", "span"),
        name: text,
        durationMs: nullable(count),
        attributes: record({ type: ["string", "number", "boolean"] }),
      }),
    ),
  }),
  AlertsAnswer: object({
    rules: list(
      object({
        name: text,
        kind: oneOf("threshold", "change", "burn-rate", "drift"),
        severity: oneOf("info", "warning", "critical"),
        summary: text,
        unit: described(oneOf("share", "milliseconds", "bytes", "number"), "What values are in."),
        instances: list(object({ labels, state, since: time, value: nullable(number) })),
      }),
    ),
    history: list(
      object({
        at: time,
        rule: text,
        labels,
        from: state,
        to: state,
        value: nullable(number),
        delivered: nullable({ type: "boolean" }),
      }),
    ),
  }),
  StatsAnswer: object({
    startedAt: time,
    bytesOnDisk: count,
    rows: record(count),
    received: object({ metrics: count, logs: count, traces: count }),
    refused: object({ metrics: count, logs: count, traces: count }),
    capped: described(record(count), "Points that were counted as other, by label."),
  }),
};
