const NARROW_SPACE = "\u202f";
const UNITS = ["kB", "MB", "GB", "TB"];

/** A size for people: three digits at most, in powers of ten. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)}${NARROW_SPACE}B`;
  let value = bytes;
  let unit = "B";
  for (const next of UNITS) {
    if (Math.round(value) < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)}${NARROW_SPACE}${unit}`;
}
