import type {
  AlertState,
  AlertsAnswer,
  ATTRIBUTES,
  ExponentialHistogram,
  FailuresAnswer,
  HealthAnswer,
  Irregularity,
  LatencyAnswer,
  ModelsAnswer,
  PredictionAnswer,
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

/**
 * An exponential histogram with the buckets alone that have anything in them: what a device measured in a
 * minute fills a few of more than a hundred.
 */
export interface SparseHistogram extends Omit<ExponentialHistogram, "positive" | "negative"> {
  /** The positive ones, then the negative ones. */
  readonly buckets: readonly number[];
  /** One for each of them. */
  readonly counts: readonly number[];
  /** How many of them are positive. */
  readonly positives: number;
}

/** A histogram of what was measured since the point before it. */
export interface HistogramPoint extends Observation {
  readonly metric: string;
  readonly histogram: SparseHistogram;
}

/** How far a counter has gone up since the point before it. */
export interface CounterPoint extends Observation {
  readonly metric: string;
  readonly value: number;
}

/** How the values of one feature were distributed on a device since the point before it. */
export interface DistributionPoint extends Observation {
  readonly feature: string;
  readonly contributor: string;
  /** Where answers were randomised: the ε of their local differential privacy. */
  readonly epsilon: number | undefined;
  /** Ascending; bin `i` of `counts` holds what lies in `(bounds[i-1], bounds[i]]`. */
  readonly bounds: readonly number[];
  /** One more than there are bounds. */
  readonly counts: readonly number[];
}

/** How many values of a feature had no place in its bins. */
export interface IrregularPoint extends Observation {
  readonly feature: string;
  readonly contributor: string;
  readonly irregularity: Irregularity;
  readonly value: number;
}

/** One record of `/v1/logs`. */
export interface LogRecord extends Observation {
  readonly severity: number | undefined;
  /** What kind of event it tells of. */
  readonly event: string | undefined;
  readonly body: string | undefined;
  /** The prediction that it tells of. */
  readonly prediction: string | undefined;
  /** 32 hex digits. */
  readonly trace: string | undefined;
}

/** One span of `/v1/traces`; `timeMs` is the millisecond in which it began. */
export interface SpanRecord extends Observation {
  /** Microseconds of that millisecond that had passed: stages of one prediction may begin in the same. @default 0 */
  readonly timeUs?: number;
  readonly name: string;
  /** 32 hex digits. */
  readonly trace: string;
  /** 16 hex digits. */
  readonly span: string;
  readonly parent: string | undefined;
  readonly durationMs: number;
  readonly isError: boolean;
  /** The prediction that it tells of. */
  readonly prediction: string | undefined;
}

/** Measurements that are stored together or not at all. */
export interface MetricsBatch {
  /** The name a repeat of this batch is recognised by; `undefined`: every sending counts. */
  readonly id: string | undefined;
  readonly histograms: readonly HistogramPoint[];
  readonly counters: readonly CounterPoint[];
  readonly distributions: readonly DistributionPoint[];
  readonly irregulars: readonly IrregularPoint[];
}

/** Log records that are stored together or not at all. */
export interface LogsBatch {
  /** The name a repeat of this batch is recognised by; `undefined`: every sending counts. */
  readonly id: string | undefined;
  readonly records: readonly LogRecord[];
}

/** Spans that are stored together or not at all. */
export interface SpansBatch {
  /** The name a repeat of this batch is recognised by; `undefined`: every sending counts. */
  readonly id: string | undefined;
  readonly spans: readonly SpanRecord[];
}

/**
 * The values of one feature over a window. Each contributor weighs the same, however much it sent: its
 * counts are taken as shares of their sum, irregular ones included.
 */
export interface DistributionSummary {
  readonly model: string;
  readonly version: string;
  readonly feature: string;
  readonly epsilon: number | undefined;
  readonly bounds: readonly number[];
  readonly contributors: number;
  /** By bin, the contributors' shares added up. */
  readonly shares: readonly number[];
  /** By bin, how many contributors have anything in it. */
  readonly holders: readonly number[];
  /** By irregularity, the contributors' shares added up. */
  readonly irregular: Readonly<Record<Irregularity, number>>;
  /** By irregularity, how many contributors have any such value. */
  readonly irregularHolders: Readonly<Record<Irregularity, number>>;
}

/** What feedback came to over a window. */
export interface FeedbackSummary {
  readonly counts: readonly {
    readonly model: string;
    readonly version: string;
    readonly correct: boolean;
    readonly predicted: string | undefined;
    readonly label: string | undefined;
    /** From 0 to 9. */
    readonly confidenceTenth: number | undefined;
    readonly count: number;
  }[];
  /** How far predicted values were from true ones. */
  readonly errors: readonly {
    readonly model: string;
    readonly version: string;
    readonly histogram: ExponentialHistogram;
  }[];
}

/** What feedback came to on a day. */
export interface DailyFeedback extends FeedbackSummary {
  /** The midnight that it began with, in UTC; milliseconds since 1970. */
  readonly day: number;
}

/** Durations of predictions over a window, by version: what comparisons are made of. */
export interface VersionFigures {
  readonly model: string;
  readonly version: string;
  readonly predictions: number;
  /** Calls of `load` and `predict` that failed. */
  readonly failures: number;
  readonly latency: ExponentialHistogram;
}

/** What a version came to since the store was made. */
export interface VersionTotals {
  readonly model: string;
  readonly version: string;
  readonly predictions: number;
  /** Calls of `load` and `predict` that failed. */
  readonly failures: number;
  readonly loads: number;
}

/** What points were told apart by that came lately, the latest first. */
export interface Seen {
  readonly series: readonly {
    readonly labels: Labels;
    /** What feedback said besides, as a JSON object. */
    readonly attributes: string | undefined;
  }[];
  readonly features: readonly string[];
}

/** How long things are kept. Hours. */
export interface Retention {
  /** Raw points, records and spans. @default 48 */
  readonly rawHours: number;
  /** Rollups by minute. @default 336 */
  readonly minuteHours: number;
  /** Rollups by hour, and distributions by day. @default 9600 */
  readonly hourHours: number;
  /** Ids of batches: longer than devices keep what was not acknowledged. @default 192 */
  readonly batchHours: number;
}

/** How much a store may take for itself while it answers. */
export interface Room {
  /** Bytes of memory, besides what JavaScript holds. @default half of the machine's, 4 GiB at most */
  readonly memoryBytes: number;
  /** Bytes of temporary files beside the store, for what that is not enough for. @default 8 GiB */
  readonly temporaryBytes: number;
}

/** An alert that went from one state to another. */
export interface AlertChange {
  readonly at: number;
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly from: AlertState;
  readonly to: AlertState;
  readonly value: number | null;
  readonly delivered: boolean | null;
}

/** What a question is about: points with `from <= time < to`, of one model or of all. */
export interface Window {
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Milliseconds since 1970. */
  readonly to: number;
  readonly model?: string | undefined;
}

/** How a question is asked. */
export interface Asking {
  /** Whoever asked has gone away: the question is given up, and rejects with `closed`. */
  readonly signal?: AbortSignal | undefined;
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
  ingestTraces(batches: readonly SpansBatch[]): Promise<void>;
  /** What has been seen running, by model and version. */
  models(window: Window, asking?: Asking): Promise<ModelsAnswer>;
  /** How many predictions each step saw. */
  predictions(window: SteppedWindow, asking?: Asking): Promise<PredictionsAnswer>;
  /** How long predictions and the phases of loading took. */
  latency(window: SteppedWindow, asking?: Asking): Promise<LatencyAnswer>;
  /** What failed, by code. */
  failures(window: Window, asking?: Asking): Promise<FailuresAnswer>;
  /** How each version does, by where it runs. */
  health(window: Window, asking?: Asking): Promise<HealthAnswer>;
  /** Predictions, failures and durations of each version. */
  figures(window: Window, asking?: Asking): Promise<readonly VersionFigures[]>;
  /** How the values of each feature were distributed. */
  distributions(window: Window, asking?: Asking): Promise<readonly DistributionSummary[]>;
  /** How many predictions feedback called right and wrong, and how far values were off; not what they were taken for. */
  feedback(window: Window, asking?: Asking): Promise<FeedbackSummary>;
  /** All that feedback said on each day of the window that there was any on, the first first; few days at a time. */
  dailyFeedback(window: Window, asking?: Asking): Promise<readonly DailyFeedback[]>;
  /**
   * What versions came to since the store was made. It never falls, whatever is rolled up or dropped: some
   * two hundred versions have numbers of their own, all others are one, `other`. A version that nothing
   * was heard of for a week is not told of any more.
   */
  totals(): Promise<readonly VersionTotals[]>;
  /**
   * What points that arrived since then were told apart by, whenever they were measured: `limit` series and
   * as many features at most. What came with them at the same hours may be among it.
   */
  seen(since: { readonly sinceMs: number; readonly limit: number }): Promise<Seen>;
  /** Where one prediction went; `undefined` where nothing of it was received. */
  prediction(id: string, asking?: Asking): Promise<PredictionAnswer | undefined>;
  /** Writes down what alerts did, and anew where it was delivered later: it outlives a restart. */
  noteAlerts(changes: readonly AlertChange[]): Promise<void>;
  /** The latest changes of alerts, the latest first. */
  alertHistory(limit: number): Promise<AlertsAnswer["history"]>;
  /** Rolls up what has become old enough, and drops what has been kept long enough. */
  maintain(nowMs: number): Promise<void>;
  /** Bytes on disk, and rows of each table. */
  size(): Promise<{ readonly bytes: number; readonly rows: Readonly<Record<string, number>> }>;
  /** Resolves when the store can answer, however many questions wait for it. */
  check(): Promise<void>;
  /** Lets what has begun finish, then closes. Safe to call twice. */
  close(): Promise<void>;
}
