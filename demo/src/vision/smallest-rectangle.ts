import type { Point } from "./text-box.ts";

/** A rotated rectangle; `width` runs along `angle` (radians, clockwise from x). */
export interface Rectangle {
  readonly centre: Point;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
}

/** Twice the signed area of the triangle: positive where `a → b → c` turns clockwise on screen. */
function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/** One side of the hull, by Andrew's monotone chain; `points` are sorted. */
function chain(points: readonly Point[]): Point[] {
  const side: Point[] = [];
  for (const point of points) {
    for (;;) {
      const before = side.at(-2);
      const last = side.at(-1);
      if (before === undefined || last === undefined || turn(before, last, point) > 0) break;
      side.pop();
    }
    side.push(point);
  }
  return side.slice(0, -1);
}

function convexHull(points: readonly Point[]): readonly Point[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y);
  const hull = [...chain(sorted), ...chain(sorted.toReversed())];
  return hull.length > 0 ? hull : sorted.slice(0, 1);
}

function rectangleAt(angle: number, hull: readonly Point[]): Rectangle {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of hull) {
    const along = x * cos + y * sin;
    const across = y * cos - x * sin;
    left = Math.min(left, along);
    right = Math.max(right, along);
    top = Math.min(top, across);
    bottom = Math.max(bottom, across);
  }
  const along = (left + right) / 2;
  const across = (top + bottom) / 2;
  return {
    centre: { x: along * cos - across * sin, y: along * sin + across * cos },
    width: right - left,
    height: bottom - top,
    angle,
  };
}

/**
 * The rectangle of least area around some points. One of its sides lies on an edge of their convex
 * hull, so only those directions are tried.
 *
 * @see https://doi.org/10.1145/360881.360919
 */
export function smallestRectangle(points: readonly Point[]): Rectangle {
  const hull = convexHull(points);
  let best = rectangleAt(0, hull);
  for (const [index, start] of hull.entries()) {
    const end = hull[(index + 1) % hull.length] ?? start;
    const candidate = rectangleAt(Math.atan2(end.y - start.y, end.x - start.x), hull);
    // By a margin, so that rounding never tips an upright box.
    if (candidate.width * candidate.height < best.width * best.height - 1e-6) best = candidate;
  }
  return best;
}
