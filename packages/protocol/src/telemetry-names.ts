/**
 * What Selvedge calls things in OTLP: on the device that writes them, in the collector that reads them,
 * and in `docs/telemetry.md`.
 */

/** The resource attribute that names a batch, so that a repeat of it can be told from a new one. */
export const BATCH_ID = "selvedge.batch.id";

/** What Selvedge measures on a device, by the name it has in OTLP. All of it is delta temporality. */
export const METRICS = {
  /** Exponential histogram, seconds: one `predict` call, from the page's call to its answer. */
  predictDuration: "selvedge.predict.duration",
  /** Exponential histogram, seconds: a stage of a call; `selvedge.phase` names it. */
  predictStageDuration: "selvedge.predict.stage.duration",
  /** Exponential histogram: the leading dimension of a call's first input. */
  batchSize: "selvedge.predict.batch.size",
  /** Exponential histogram, seconds: a phase of loading a model; `selvedge.phase` names it. */
  loadDuration: "selvedge.load.duration",
  /** Counter: loads of a model; `selvedge.reason` is `stored`, `partly-stored` or `fetched`. */
  loads: "selvedge.loads",
  /** Counter, bytes: model bytes fetched from the registry. */
  fetchedBytes: "selvedge.fetch.size",
  /** Counter, bytes: model bytes that a load needed and the store had already. */
  storedBytes: "selvedge.cache.size",
  /** Exponential histogram, bytes: what an engine worker held when a model had answered. */
  engineMemory: "selvedge.engine.memory",
  /** Counter: engines that were started again; `error.type` is why. */
  restarts: "selvedge.engine.restarts",
  /** Counter: candidates that were turned down after they were tried; `selvedge.reason` says how. */
  rejections: "selvedge.candidate.rejections",
  /** Counter: calls that failed; `error.type` is the error's code. */
  failures: "selvedge.failures",
  /** Counter: telemetry that was given up before a collector had it; `selvedge.reason` says why. */
  dropped: "selvedge.telemetry.dropped",
  /**
   * Histogram with the bounds of the manifest's reference: values of one feature. Of a category, bounds
   * lie between the places that categories have in the reference: 0.5, 1.5, ….
   */
  distribution: "selvedge.distribution",
  /** Counter: values of a feature that no bin is for, or that lie outside; `selvedge.reason` says how. */
  irregular: "selvedge.distribution.irregular",
  /** Counter: predictions whose truth came; see the attributes of feedback. */
  feedback: "selvedge.feedback",
  /** Exponential histogram: how far a predicted value was from the true one. */
  feedbackError: "selvedge.feedback.error",
} as const;

/** The unit of each metric, as UCUM writes it; what is counted is in braces. */
export const UNITS: Readonly<Record<(typeof METRICS)[keyof typeof METRICS], string>> = {
  [METRICS.predictDuration]: "s",
  [METRICS.predictStageDuration]: "s",
  [METRICS.batchSize]: "{item}",
  [METRICS.loadDuration]: "s",
  [METRICS.loads]: "{load}",
  [METRICS.fetchedBytes]: "By",
  [METRICS.storedBytes]: "By",
  [METRICS.engineMemory]: "By",
  [METRICS.restarts]: "{restart}",
  [METRICS.rejections]: "{candidate}",
  [METRICS.failures]: "{failure}",
  [METRICS.dropped]: "{item}",
  [METRICS.distribution]: "{value}",
  [METRICS.irregular]: "{value}",
  [METRICS.feedback]: "{prediction}",
  [METRICS.feedbackError]: "1",
};

/**
 * What a point can be told apart by, wherever it is stored: each has a column of its own. `browser` and
 * `device` are attributes of the resource, all others of the point.
 */
export const ATTRIBUTES = {
  model: "selvedge.model.name",
  version: "selvedge.model.version",
  dtype: "selvedge.model.dtype",
  backend: "selvedge.backend",
  phase: "selvedge.phase",
  operation: "selvedge.operation",
  error: "error.type",
  reason: "selvedge.reason",
  /** A browser's name and major version, such as `chrome 156`. */
  browser: "selvedge.browser",
  /** How strong a device is: `desktop-high`, `desktop-low`, `mobile-high`, `mobile-low`. */
  device: "selvedge.device.class",
} as const;

/** What a point of a distribution says besides. */
export const DISTRIBUTION = {
  /** The feature's name in the manifest's reference. */
  feature: "selvedge.feature",
  /** A random id of the device that is renewed every day, and sent with distributions alone. */
  contributor: "selvedge.contributor",
  /** Where answers were randomised on the device: the ε of its local differential privacy. */
  epsilon: "selvedge.epsilon",
} as const;

/** Why a value has no place in a distribution, as `selvedge.reason` of `METRICS.irregular` says it. */
export const IRREGULARITIES = ["missing", "out-of-range", "unseen"] as const;

/** Why a value has no place in a distribution, or one at its edge only. */
export type Irregularity = (typeof IRREGULARITIES)[number];

/** What a count of feedback says besides. */
export const FEEDBACK = {
  /** `true` or `false`. */
  correct: "selvedge.feedback.correct",
  /** The class that was predicted, where it is one of the reference's categories. */
  predicted: "selvedge.feedback.predicted",
  /** The class that was true, where it is one of the reference's categories. */
  label: "selvedge.feedback.label",
  /** The tenth that the prediction's confidence lay in, from `0` to `9`. */
  confidence: "selvedge.feedback.confidence",
} as const;

/** The `eventName` of a log record that tells of one prediction. */
export const PREDICTION_EVENT = "selvedge.prediction";

/** What a log record or a span of one prediction says besides model, version, dtype and backend. */
export const PREDICTION = {
  id: "selvedge.prediction.id",
  /** SHA-256 of the pack's manifest. */
  digest: "selvedge.pack.digest",
  /** Such as `onnxruntime-web 1.30.0 wasm`. */
  runtime: "selvedge.runtime",
  /** Such as `none`, `software`, `nvidia ampere`. */
  adapter: "selvedge.adapter",
  cohort: "selvedge.cohort",
  inputs: "selvedge.inputs.sha256",
  outputs: "selvedge.outputs.sha256",
  queueMs: "selvedge.queue.ms",
  runMs: "selvedge.run.ms",
  totalMs: "selvedge.total.ms",
} as const;

/** Names of spans; a stage's is that of the whole, a dot, and the stage, such as `selvedge.load.fetch`. */
export const SPANS = {
  /** One `load`, from the page's call until the model answers. */
  load: "selvedge.load",
  /** One `predict`, from the page's call to its answer. */
  predict: "selvedge.predict",
} as const;
