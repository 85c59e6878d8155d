/** The link that times are measured on. */
export const SLOW = { bitsPerSecond: 20e6, latencyMs: 40 };

/** A link that is not what is measured. */
export const FAST = { bitsPerSecond: Number.POSITIVE_INFINITY, latencyMs: 0 };
