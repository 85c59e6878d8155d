import {
  ATTRIBUTES,
  type ExponentialHistogram,
  emptyHistogram,
  METRICS,
  recordValue,
} from "@selvedge/protocol";

/** What a measurement is about. */
export interface Subject {
  readonly model: string;
  readonly version: string;
  readonly dtype: string;
  readonly backend: string;
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
  /** Seconds. */
  readonly histograms: readonly Series<ExponentialHistogram>[];
  readonly counters: readonly Series<number>[];
}

/**
 * What happened since it was last taken, as counts and histograms: its size does not grow with the
 * number of predictions. Inputs and outputs never come near it.
 */
export class Recorder {
  readonly #onFirst: () => void;
  readonly #histograms = new Map<string, Series<ExponentialHistogram>>();
  readonly #counters = new Map<string, Series<number>>();
  #since = Date.now();

  /** @param onFirst called when something is recorded after there was nothing */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  predicted(subject: Subject, milliseconds: number): void {
    this.#time(METRICS.predictDuration, attributesOf(subject), milliseconds);
  }

  loaded(subject: Subject, phase: string, milliseconds: number): void {
    const attributes = { ...attributesOf(subject), [ATTRIBUTES.phase]: phase };
    this.#time(METRICS.loadDuration, attributes, milliseconds);
  }

  fetched(subject: Subject, bytes: number): void {
    this.#count(METRICS.fetchedBytes, attributesOf(subject), bytes);
  }

  failed(subject: Partial<Subject>, operation: string, code: string): void {
    this.#count(
      METRICS.failures,
      { ...attributesOf(subject), [ATTRIBUTES.operation]: operation, [ATTRIBUTES.error]: code },
      1,
    );
  }

  /** A truth has come that says which class was right, or whether the answer was. */
  judged(subject: Subject, attributes: Attributes): void {
    this.#count(METRICS.feedback, { ...attributesOf(subject), ...attributes }, 1);
  }

  /** A truth has come that is a number, and the answer was off by so much. */
  missedBy(subject: Subject, error: number): void {
    const attributes = attributesOf(subject);
    const before = this.#histograms.get(seriesKey(METRICS.feedbackError, attributes))?.value;
    const value = recordValue(before ?? emptyHistogram(), error);
    this.#put(this.#histograms, { metric: METRICS.feedbackError, attributes, value });
  }

  /** Takes everything recorded so far, and begins anew. */
  take(now: number = Date.now()): Measurements | undefined {
    const histograms = [...this.#histograms.values()];
    const counters = [...this.#counters.values()];
    const since = this.#since;
    this.#histograms.clear();
    this.#counters.clear();
    this.#since = now;
    if (histograms.length + counters.length === 0) return undefined;
    return { since, until: now, histograms, counters };
  }

  #time(metric: string, attributes: Attributes, milliseconds: number): void {
    const series = this.#histograms.get(seriesKey(metric, attributes));
    this.#put(this.#histograms, {
      metric,
      attributes,
      value: recordValue(series?.value ?? emptyHistogram(), milliseconds / 1000),
    });
  }

  #count(metric: string, attributes: Attributes, by: number): void {
    const before = this.#counters.get(seriesKey(metric, attributes))?.value ?? 0;
    this.#put(this.#counters, { metric, attributes, value: before + by });
  }

  #put<T>(map: Map<string, Series<T>>, series: Series<T>): void {
    const isFirst = this.#histograms.size + this.#counters.size === 0;
    map.set(seriesKey(series.metric, series.attributes), series);
    if (isFirst) this.#onFirst();
  }
}

function attributesOf(subject: Partial<Subject>): Attributes {
  const known = (["model", "version", "dtype", "backend"] as const).flatMap((key) => {
    const value = subject[key];
    return value === undefined ? [] : [[ATTRIBUTES[key], value] as const];
  });
  return Object.fromEntries(known);
}

function seriesKey(metric: string, attributes: Attributes): string {
  return JSON.stringify([metric, attributes]);
}
