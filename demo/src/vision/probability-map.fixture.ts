import type { ProbabilityMap } from "./connected-components.ts";

/** A map drawn in text: `#` is 0.9, `+` 0.4, anything else 0. */
export function mapOf(...rows: readonly string[]): ProbabilityMap {
  const width = rows[0]?.length ?? 0;
  const cells = [...rows.join("")];
  return {
    width,
    height: rows.length,
    values: Float32Array.from(cells, (cell) => (cell === "#" ? 0.9 : cell === "+" ? 0.4 : 0)),
  };
}

/** A map that holds `probability` wherever `isInside` says so. */
export function paintMap(
  width: number,
  height: number,
  isInside: (x: number, y: number) => boolean,
  probability = 0.9,
): ProbabilityMap {
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) if (isInside(x, y)) values[y * width + x] = probability;
  }
  return { width, height, values };
}
