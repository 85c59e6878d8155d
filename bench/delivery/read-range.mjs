/**
 * The half-open range that a Range header asks for of a file, where it asks for one range of bytes
 * that there are; for anything else a host may send the whole file.
 */
export function readRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null) return undefined;
  const [, first, last] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") return { from: Math.max(0, size - Number(last)), to: size };
  const from = Number(first);
  const to = last === "" ? size : Math.min(size, Number(last) + 1);
  return from < to ? { from, to } : undefined;
}
