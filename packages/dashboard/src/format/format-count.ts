const whole = (): Intl.NumberFormat => new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = (): Intl.NumberFormat =>
  new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** A count in full: `12,345`. */
export function formatCount(count: number): string {
  return whole().format(count);
}

/** A count where there is little room: `12.3K`. In full below ten thousand. */
export function formatCompactCount(count: number): string {
  return count < 10_000 ? formatCount(count) : compact().format(count);
}

/** A part of a whole, in percent; a part that is there never reads as none, nor as all. */
export function formatShare(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return "0%";
  const percent = (100 * part) / whole;
  if (percent < 0.01) return "<0.01%";
  if (part < whole && percent > 99.9) return ">99.9%";
  return `${Number(percent.toPrecision(percent < 10 ? 2 : 3))}%`;
}
