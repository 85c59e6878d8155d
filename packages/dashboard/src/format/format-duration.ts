const NARROW_SPACE = "\u202f";

/** A duration for people: three digits at most, in ms, s or min. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0.9995) return `${trim(durationMs.toFixed(2))}${NARROW_SPACE}ms`;
  if (durationMs < 9.95) return `${durationMs.toFixed(1)}${NARROW_SPACE}ms`;
  if (durationMs < 999.5) return `${durationMs.toFixed(0)}${NARROW_SPACE}ms`;
  const seconds = durationMs / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)}${NARROW_SPACE}s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)}${NARROW_SPACE}s`;
  const whole = Math.round(seconds);
  const minutes = `${Math.floor(whole / 60)}${NARROW_SPACE}min`;
  return whole % 60 === 0 ? minutes : `${minutes} ${whole % 60}${NARROW_SPACE}s`;
}

/** A duration on an axis, whose ticks are round: no digits that say nothing. */
export function formatDurationTick(durationMs: number): string {
  if (durationMs === 0) return "0";
  if (durationMs < 1000) return `${trim(durationMs.toFixed(2))}${NARROW_SPACE}ms`;
  if (durationMs < 60_000) return `${trim((durationMs / 1000).toFixed(2))}${NARROW_SPACE}s`;
  return `${trim((durationMs / 60_000).toFixed(1))}${NARROW_SPACE}min`;
}

function trim(digits: string): string {
  return digits.replace(/\.?0+$/, "");
}
