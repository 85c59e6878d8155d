/** What a case came to, as far as the metrics that were asked for look at it. */
export interface Observation {
  /** A row for each item of the batch. */
  readonly classes?: readonly ClassedRow[];
  readonly values?: ValueErrors;
  readonly text?: ReadText;
}

/** The parts of an observation, each of which metrics of one kind look at. */
export type ObservationKind = keyof Observation;

/** What a classifier said of one item. */
export interface ClassedRow {
  /** The class it is. */
  readonly label: number;
  /** The classes it was taken for, the most likely first: five of them, or the only one. */
  readonly ranking: readonly number[];
}

/** What a recognizer read, and what was written. */
export interface ReadText {
  readonly read: string;
  readonly written: string;
}

/** How far the numbers of a case are from those that were expected: sums, so that cases add up. */
export interface ValueErrors {
  readonly count: number;
  /** Σ |answer − expected| */
  readonly absolute: number;
  /** Σ (answer − expected)² */
  readonly squared: number;
  /** The mean of what was expected. */
  readonly mean: number;
  /** Σ (expected − mean)² */
  readonly spread: number;
  /** The cosine of the angle between both; 0 where one of them is nothing but zeros. */
  readonly cosine: number;
}
