/**
 * What is measured of a tensor. Of inputs and numeric outputs `value` or `category`; of outputs that
 * are scores of classes `class`, `confidence` and `entropy`; of images `brightness`, `contrast` and
 * `sharpness`; of texts `length` and `alphabet`.
 */
export const MEASURES = [
  "value",
  "category",
  "class",
  "confidence",
  "entropy",
  "brightness",
  "contrast",
  "sharpness",
  "length",
  "alphabet",
] as const;

/** What is measured of a tensor. */
export type Measure = (typeof MEASURES)[number];

/** How one feature of a model's inputs or outputs was distributed when the model was made. */
export interface ReferenceFeature {
  /** Unique in the reference, such as `bill_length_mm` or `probabilities.confidence`. */
  readonly name: string;
  readonly side: "input" | "output";
  /** The input's or output's name. */
  readonly tensor: string;
  /** Which element of the last dimension; absent: the tensor as a whole. */
  readonly element?: number;
  readonly measure: Measure;
  /**
   * Of numbers: bin `i` holds `(edges[i-1], edges[i]]`, the first everything below and the last everything
   * above. Strictly ascending; absent for categories.
   */
  readonly edges?: readonly number[];
  /** The smallest and the largest value of the reference: what lies outside is out of range. */
  readonly range?: readonly [min: number, max: number];
  /** Of categories: bin `i` holds the i-th; others are unseen, and in no bin. */
  readonly categories?: readonly string[];
  /** The reference's own values, by bin. */
  readonly counts: readonly number[];
  /** How many of them were missing: NaN, null, or an empty text. */
  readonly missing: number;
  /**
   * How many of them were none of the categories, which are the most frequent ones.
   *
   * @default 0
   */
  readonly unseen?: number;
}

/** What a model's inputs and outputs were like when it was made: what drift is measured against. */
export interface Reference {
  /** How many examples it was taken from. */
  readonly samples: number;
  readonly features: readonly ReferenceFeature[];
}
