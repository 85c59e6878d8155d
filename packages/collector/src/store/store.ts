import type {
  ATTRIBUTES,
  ExponentialHistogram,
  FailuresAnswer,
  LatencyAnswer,
  ModelsAnswer,
  PredictionsAnswer,
} from "@selvedge/protocol";

/** What a point says about itself under the names of `ATTRIBUTES`; absent where it said nothing. */
export type Labels = { readonly [name in keyof typeof ATTRIBUTES]?: string };

/** What every stored measurement or record carries. */
export interface Observation {
  /** Milliseconds since 1970, by the clock of the device. */
  readonly timeMs: number;
  readonly labels: Labels;
  /** The attributes that have no label, as a JSON object; `undefined` where there are none. */
  readonly attributes: string | undefined;
  /** The attributes of the device or service, as a JSON object; `undefined` where there are none. */
  readonly resource: string | undefined;
}

/** A histogram of what was measured since the point before it. */
export interface HistogramPoint extends Observation {
  readonly metric: string;
  readonly histogram: ExponentialHistogram;
}

/** How far a counter has gone up since the point before it. */
export interface CounterPoint extends Observation {
  readonly metric: string;
  readonly value: number;
}

/** One record of `/v1/logs`. */
export interface LogRecord extends Observation {
  readonly severity: number | undefined;
  readonly body: string | undefined;
}

/** Measurements that are stored together or not at all. */
export interface MetricsBatch {
  /** The name a repeat of this batch is recognised by; `undefined`: every sending counts. */
  readonly id: string | undefined;
  readonly histograms: readonly HistogramPoint[];
  readonly counters: readonly CounterPoint[];
}

/** Log records that are stored together or not at all. */
export interface LogsBatch {
  /** The name a repeat of this batch is recognised by; `undefined`: every sending counts. */
  readonly id: string | undefined;
  readonly records: readonly LogRecord[];
}

/** What a question is about: points with `from <= time < to`, of one model or of all. */
export interface Window {
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Milliseconds since 1970. */
  readonly to: number;
  readonly model?: string | undefined;
}

/** A window cut into steps; the last one may reach past its end. */
export interface SteppedWindow extends Window {
  readonly stepMs: number;
}

/**
 * Where telemetry is kept. `ingest*` resolves once its batches are durable: they survive the death
 * of the process and of the machine from then on. A batch whose id was stored before, by any call,
 * is not stored again. Batches of calls that wait together succeed and fail on their own.
 *
 * Everything rejects with a `SelvedgeError`: `store-failed` where the store could not do it, and
 * `closed` after `close`.
 */
export interface Store {
  ingestMetrics(batches: readonly MetricsBatch[]): Promise<void>;
  ingestLogs(batches: readonly LogsBatch[]): Promise<void>;
  /** What has been seen running, by model and version. */
  models(window: Window): Promise<ModelsAnswer>;
  /** How many predictions each step saw. */
  predictions(window: SteppedWindow): Promise<PredictionsAnswer>;
  /** How long predictions and the phases of loading took. */
  latency(window: SteppedWindow): Promise<LatencyAnswer>;
  /** What failed, by code. */
  failures(window: Window): Promise<FailuresAnswer>;
  /** Resolves when the store can answer. */
  check(): Promise<void>;
  /** Lets what has begun finish, then closes. Safe to call twice. */
  close(): Promise<void>;
}
