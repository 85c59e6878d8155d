const NARROW_SPACE = "\u202f";
const DAY_MS = 86_400_000;

const clock = (withSeconds: boolean): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(withSeconds ? { second: "2-digit" } : {}),
  });

/** A time of day to the second, in this device's zone: `12:03:04`. */
export function formatClock(timeMs: number): string {
  return clock(true).format(timeMs);
}

/** A day: `21 Nov`. */
function formatDay(timeMs: number): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }).format(timeMs);
}

/** A moment in full: `21 Nov 12:03:04`. */
export function formatMoment(timeMs: number): string {
  return `${formatDay(timeMs)} ${formatClock(timeMs)}`;
}

/** Whole days as a collector counts them, in UTC: `12–19 Nov`. */
export function formatDays(fromMs: number, toMs: number): string {
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  // The last day is the one that ends there.
  return `${day.formatRange(fromMs, Math.max(fromMs, toMs - 1))} (UTC)`;
}

/** So many of the days between two midnights in UTC: `12–19 Nov`, or `5 days of 12–19 Nov`. */
export function formatSomeDays(of: {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}): string {
  const days = formatDays(of.from, of.to);
  return of.count * DAY_MS < of.to - of.from ? `${of.count} days of ${days}` : days;
}

/** A tick of a time axis: the day at midnight, the time of day elsewhere. */
export function formatTimeTick(timeMs: number): string {
  const time = new Date(timeMs);
  if (time.getHours() === 0 && time.getMinutes() === 0 && time.getSeconds() === 0) {
    return formatDay(timeMs);
  }
  return clock(time.getSeconds() !== 0).format(timeMs);
}

/** One step of a chart, from its start to its end: `12:05–12:10`. */
export function formatStep(fromMs: number, stepMs: number): string {
  const { format } = clock(stepMs < 60_000);
  const day = stepMs >= 1_200_000 ? `${formatDay(fromMs)} ` : "";
  return `${day}${format(fromMs)}–${format(fromMs + stepMs)}`;
}

/** How long ago something was, in its largest unit: `12 s ago`. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const elapsedMs = nowMs - thenMs;
  if (elapsedMs < 1000) return "just now";
  if (elapsedMs < 60_000) return `${Math.floor(elapsedMs / 1000)}${NARROW_SPACE}s ago`;
  if (elapsedMs < 3_600_000) return `${Math.floor(elapsedMs / 60_000)}${NARROW_SPACE}min ago`;
  if (elapsedMs < DAY_MS) return `${Math.floor(elapsedMs / 3_600_000)}${NARROW_SPACE}h ago`;
  return `${Math.floor(elapsedMs / DAY_MS)}${NARROW_SPACE}d ago`;
}
