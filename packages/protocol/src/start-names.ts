/**
 * What Selvedge calls things in OTLP that tell how engines came to be. A file of its own: a page needs the
 * other names before it needs these.
 */

/** What is measured of how engines come to be. All of it is delta temporality. */
export const START_METRICS = {
  /** Counter: engines on WASM that were started; `selvedge.start.step` and `selvedge.reason` say how. */
  starts: "selvedge.engine.starts",
  /** Counter: calls that a fitted runtime lacked a function for, and another answered. */
  traps: "selvedge.engine.traps",
  /** Counter: images that are not woken any more; `selvedge.reason` is `wrong` or `failed`. */
  quarantines: "selvedge.image.quarantines",
  /** Exponential histogram, bytes: an image that was made, and proven. */
  imageBytes: "selvedge.image.size",
} as const;

/** The unit of each, as UCUM writes it. */
export const START_UNITS: Readonly<
  Record<(typeof START_METRICS)[keyof typeof START_METRICS], string>
> = {
  "selvedge.engine.starts": "{start}",
  "selvedge.engine.traps": "{trap}",
  "selvedge.image.quarantines": "{image}",
  "selvedge.image.size": "By",
};

/** What a count of starts says besides. */
export const STARTS = {
  /** `run`, `full` or `none`: the wasm that an engine was woken in, or that it was loaded. */
  step: "selvedge.start.step",
  /** Dims of the inputs that a fitted runtime trapped with, such as `x 1x3x48x320`. */
  dims: "selvedge.inputs.dims",
} as const;
