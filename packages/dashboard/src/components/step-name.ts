const UNITS: readonly (readonly [durationMs: number, one: string, many: string])[] = [
  [86_400_000, "day", "days"],
  [3_600_000, "hour", "hours"],
  [60_000, "minute", "minutes"],
  [1_000, "second", "seconds"],
];

/** A chart's step in words, after "per": `minute`, `15 seconds`. */
export function stepName(stepMs: number): string {
  for (const [durationMs, one, many] of UNITS) {
    if (stepMs === durationMs) return one;
    if (stepMs > durationMs) return `${Number((stepMs / durationMs).toFixed(1))} ${many}`;
  }
  return `${stepMs} ms`;
}
