import type { Size } from "./picture-size.ts";
import type { Point } from "./text-box.ts";

/** A grid of values between 0 and 1, row by row. */
export interface ProbabilityMap extends Size {
  readonly values: Float32Array;
}

/**
 * The islands of the map above a threshold, neighbours being the eight around a pixel. Each comes as
 * the two outermost pixels of each of its rows, which is all that its convex hull depends on.
 */
export function connectedComponents(map: ProbabilityMap, threshold: number): Point[][] {
  const { values, width, height } = map;
  const visited = new Uint8Array(width * height);
  const isOpen = (index: number): boolean =>
    visited[index] === 0 && (values[index] ?? 0) > threshold;
  const components: Point[][] = [];

  for (let seed = 0; seed < values.length; seed += 1) {
    if (!isOpen(seed)) continue;
    const rows = new Map<number, { left: number; right: number }>();
    const pending = [seed];
    visited[seed] = 1;
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      const x = index % width;
      const y = (index - x) / width;
      const row = rows.get(y);
      if (row === undefined) rows.set(y, { left: x, right: x });
      else if (x < row.left) row.left = x;
      else if (x > row.right) row.right = x;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny += 1) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx += 1) {
          const neighbour = ny * width + nx;
          if (!isOpen(neighbour)) continue;
          visited[neighbour] = 1;
          pending.push(neighbour);
        }
      }
    }
    components.push(
      [...rows].flatMap(([y, { left, right }]) => [
        { x: left, y },
        { x: right, y },
      ]),
    );
  }
  return components;
}
