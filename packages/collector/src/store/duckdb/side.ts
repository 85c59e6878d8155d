/** A side of a histogram. */
export type Side = "positive" | "negative";
