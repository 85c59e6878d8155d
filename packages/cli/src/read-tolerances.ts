import { UsageError } from "./command-line.ts";

/**
 * Reads `--tolerance wasm=1e-4,1e-3` and `--tolerance q8/wasm=0.1,0`: by place, the absolute and the
 * relative part.
 *
 * @throws UsageError for one that is not so, or for a place that comes twice.
 */
export function readTolerances(
  list: readonly string[] | undefined,
): Record<string, { absolute: number; relative: number }> | undefined {
  if (list === undefined) return undefined;
  const tolerances = new Map<string, { absolute: number; relative: number }>();
  for (const text of list) {
    const [, place, ...parts] = /^([^=]+)=([^,]+),([^,]+)$/.exec(text) ?? [];
    const [absolute, relative] = parts.map(Number);
    if (place === undefined || !isPart(absolute) || !isPart(relative))
      throw new UsageError(
        `--tolerance ${text}: not of the form wasm=ABSOLUTE,RELATIVE or q8/wasm=ABSOLUTE,RELATIVE, with numbers from 0 on`,
      );
    if (tolerances.has(place)) throw new UsageError(`--tolerance ${text}: ${place} comes twice`);
    tolerances.set(place, { absolute, relative });
  }
  return Object.fromEntries(tolerances);
}

function isPart(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}
