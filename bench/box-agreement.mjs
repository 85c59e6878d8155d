/** Boxes that overlap by less are not of the same line. */
const LEAST_OVERLAP = 0.5;

/**
 * How well boxes agree with those they should be, page by page: F1 over the boxes of all pages, a pair
 * being two that overlap by half of their union, and the mean overlap of those pairs.
 *
 * @typedef {{ x: number, y: number }} Point
 * @param {Point[][][]} found the corners of each box of each page, clockwise
 * @param {Point[][][]} expected
 */
export function boxAgreement(found, expected) {
  let [pairs, overlap, boxes] = [0, 0, 0];
  for (const [page, corners] of expected.entries()) {
    const free = new Set(found[page]);
    boxes += corners.length + free.size;
    for (const box of corners) {
      const [best] = [...free]
        .map((other) => ({ other, value: intersectionOverUnion(box, other) }))
        .sort((a, b) => b.value - a.value);
      if (best === undefined || best.value < LEAST_OVERLAP) continue;
      free.delete(best.other);
      pairs += 1;
      overlap += best.value;
    }
  }
  return { f1: (2 * pairs) / boxes, overlap: overlap / pairs };
}

function intersectionOverUnion(a, b) {
  const shared = area(clip(a, b));
  return shared / (area(a) + area(b) - shared);
}

/** The part of a convex polygon that lies in another one, both clockwise (Sutherland and Hodgman). */
function clip(polygon, window) {
  return window.reduce((rest, from, i) => {
    const to = window[(i + 1) % window.length];
    const side = ({ x, y }) => (to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x);
    return rest.flatMap((point, k) => {
      const next = rest[(k + 1) % rest.length];
      const [here, there] = [side(point), side(next)];
      const kept = here >= 0 ? [point] : [];
      if (here >= 0 === there >= 0) return kept;
      const t = here / (here - there);
      const crossing = { x: point.x + t * (next.x - point.x), y: point.y + t * (next.y - point.y) };
      return [...kept, crossing];
    });
  }, polygon);
}

function area(polygon) {
  const twice = polygon.reduce((sum, { x, y }, i) => {
    const next = polygon[(i + 1) % polygon.length];
    return sum + x * next.y - next.x * y;
  }, 0);
  return Math.abs(twice) / 2;
}
