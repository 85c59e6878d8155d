const MINUS = "−";

/** A number that is no count: three digits that say something. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size >= 1e6 || size < 1e-3 ? size.toExponential(1) : shorten(size);
  return value < 0 ? MINUS + digits : digits;
}

/** A share from 0 to 1 in percent: `12.5%`. */
export function formatPercent(share: number): string {
  return `${formatNumber(100 * share)}%`;
}

/** With its sign, `+` too: for differences. */
export function withSign(value: number, format: (size: number) => string): string {
  if (value === 0) return format(0);
  return (value < 0 ? MINUS : "+") + format(Math.abs(value));
}

function shorten(size: number): string {
  if (size >= 100) return new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(size);
  return String(Number(size.toPrecision(size < 1 ? 2 : 3)));
}
