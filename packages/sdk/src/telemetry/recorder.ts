import {
  ATTRIBUTES,
  type ExponentialHistogram,
  HistogramSketch,
  METRICS,
  type MetricOf,
} from "@selvedge/protocol";

/** Quantiles are within 4.4%, and a device's latencies lie in a few dozen buckets. */
const SCALE = 3;

/** What a measurement is about. */
export interface Subject {
  readonly model: string;
  readonly version: string;
  readonly dtype: string;
  readonly backend: string;
}

/** What is measured of a call besides how long it took. */
export interface CallFacts {
  /** Milliseconds. */
  readonly queueMs: number;
  readonly runMs: number;
  /** The leading dimension of the first input. */
  readonly batchSize: number;
  /** What the engine worker held by then, where it told. */
  readonly engineBytes?: number | undefined;
}

type Attributes = Readonly<Record<string, string>>;

/** One metric of one subject. */
export interface Series<T> {
  readonly metric: string;
  readonly attributes: Attributes;
  readonly value: T;
}

/** What was recorded in a while. */
export interface Measurements {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
  readonly histograms: readonly Series<ExponentialHistogram>[];
  readonly counters: readonly Series<number>[];
}

/** Everything that a call of one subject adds to, found once. */
interface CallSeries {
  readonly total: HistogramSketch;
  readonly queue: HistogramSketch;
  readonly run: HistogramSketch;
  readonly transfer: HistogramSketch;
  readonly batchSize: HistogramSketch;
  engineBytes: number | undefined;
}

/**
 * What happened since it was last taken, as counts and histograms: its size does not grow with the
 * number of predictions. Inputs and outputs never come near it.
 */
export class Recorder {
  readonly #onFirst: () => void;
  readonly #histograms = new Map<string, Series<HistogramSketch>>();
  readonly #counters = new Map<string, Series<number>>();
  readonly #calls = new Map<string, CallSeries>();
  #since = Date.now();

  /** @param onFirst called when something is recorded after there was nothing */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  /** A call was answered. This is on the way of every answer: it finds its series, and adds. */
  predicted(subject: Subject, totalMs: number, facts?: CallFacts): void {
    const series = this.#callsOf(subject);
    series.total.record(secondsOf(totalMs));
    if (facts === undefined) return;
    const { queueMs, runMs, batchSize, engineBytes } = facts;
    series.queue.record(secondsOf(queueMs));
    series.run.record(secondsOf(runMs));
    // Clocks of two threads may disagree by a little.
    series.transfer.record(secondsOf(Math.max(0, totalMs - queueMs - runMs)));
    series.batchSize.record(batchSize);
    if (engineBytes === undefined || engineBytes === series.engineBytes) return;
    series.engineBytes = engineBytes;
    this.measure(METRICS.engineMemory, attributesOf(subject), engineBytes);
  }

  /** A phase of loading is over. */
  loaded(subject: Subject, phase: string, milliseconds: number): void {
    this.#sketch(METRICS.loadDuration, attributesOf(subject, { phase })).record(
      secondsOf(milliseconds),
    );
  }

  /** A model was loaded, which took so many bytes; fetched are those that the store lacked. */
  loadedFrom(
    subject: Subject,
    {
      bytes: needed,
      fetchedBytes: fetched,
    }: { readonly bytes: number; readonly fetchedBytes: number },
  ): void {
    const partly = fetched < needed ? "partly-stored" : "fetched";
    const reason = fetched === 0 ? "stored" : partly;
    this.count(METRICS.loads, attributesOf(subject, { reason }));
    this.count(METRICS.storedBytes, attributesOf(subject), Math.max(0, needed - fetched));
    this.fetched(subject, fetched);
  }

  /** Model bytes came from the registry. */
  fetched(subject: Subject, bytes: number): void {
    this.count(METRICS.fetchedBytes, attributesOf(subject), bytes);
  }

  /** A model's engine had to be started again. */
  restarted(subject: Partial<Subject>, code: string): void {
    this.count(METRICS.restarts, attributesOf(subject, { error: code }));
  }

  /** A candidate was tried and turned down: `slower`, or the code that it failed with. */
  rejected(subject: Subject, reason: string): void {
    this.count(METRICS.rejections, attributesOf(subject, { reason }));
  }

  /** Something failed, with a code of `SelvedgeError`. */
  failed(subject: Partial<Subject>, operation: string, code: string): void {
    this.count(METRICS.failures, attributesOf(subject, { operation, error: code }));
  }

  /** Adds to a counter; adding 0 is nothing. */
  count(metric: MetricOf<"counter">, attributes: Attributes, by = 1): void {
    if (by === 0) return;
    this.#beforeFirst();
    const key = seriesKey(metric, attributes);
    const before = this.#counters.get(key)?.value ?? 0;
    this.#counters.set(key, { metric, attributes, value: before + by });
  }

  /** Adds a value to a histogram, in the metric's unit. */
  measure(metric: MetricOf<"exponential histogram">, attributes: Attributes, value: number): void {
    this.#sketch(metric, attributes).record(value);
  }

  /** Takes everything recorded so far, and begins anew. */
  take(now: number = Date.now()): Measurements | undefined {
    const histograms = [...this.#histograms.values()]
      .map((series) => ({ ...series, value: series.value.snapshot() }))
      .filter(({ value }) => value.count > 0);
    const counters = [...this.#counters.values()];
    const since = this.#since;
    for (const map of [this.#histograms, this.#counters, this.#calls]) map.clear();
    this.#since = now;
    if (histograms.length + counters.length === 0) return undefined;
    return { since, until: now, histograms, counters };
  }

  #callsOf(subject: Subject): CallSeries {
    const { model, version, dtype, backend } = subject;
    const key = `${model} ${version} ${dtype} ${backend}`;
    let series = this.#calls.get(key);
    if (series === undefined) {
      const stage = (phase: string) =>
        this.#sketch(METRICS.predictStageDuration, attributesOf(subject, { phase }));
      series = {
        total: this.#sketch(METRICS.predictDuration, attributesOf(subject)),
        queue: stage("queue"),
        run: stage("run"),
        transfer: stage("transfer"),
        batchSize: this.#sketch(METRICS.batchSize, attributesOf(subject)),
        engineBytes: undefined,
      };
      this.#calls.set(key, series);
    }
    return series;
  }

  #sketch(metric: MetricOf<"exponential histogram">, attributes: Attributes): HistogramSketch {
    const key = seriesKey(metric, attributes);
    const known = this.#histograms.get(key);
    if (known !== undefined) return known.value;
    this.#beforeFirst();
    const value = new HistogramSketch(SCALE);
    this.#histograms.set(key, { metric, attributes, value });
    return value;
  }

  #beforeFirst(): void {
    if (this.#histograms.size + this.#counters.size === 0) this.#onFirst();
  }
}

/** To the microsecond: browsers tell no finer time, and every digit more would be sent. */
function secondsOf(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1e6;
}

function attributesOf(
  subject: Partial<Subject>,
  more: Partial<Record<keyof typeof ATTRIBUTES, string>> = {},
): Attributes {
  const { model, version, dtype, backend } = subject;
  const known = Object.entries({ model, version, dtype, backend, ...more }).flatMap(
    ([key, value]) =>
      value === undefined ? [] : [[ATTRIBUTES[key as keyof typeof ATTRIBUTES], value] as const],
  );
  return Object.fromEntries(known);
}

function seriesKey(metric: string, attributes: Attributes): string {
  return JSON.stringify([metric, attributes]);
}
