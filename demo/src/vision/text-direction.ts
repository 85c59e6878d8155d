import type { Rectangle } from "./smallest-rectangle.ts";

/** A rectangle this much longer than wide is surely a word or more, so its long side is its line. */
const ELONGATED = 2;
const QUARTER = Math.PI / 2;

/** A direction and its opposite are one line; this is the one a reader most likely means. */
function readingAngle(angle: number): number {
  // Text that climbs is read upwards to 80 degrees; beyond that, text on its side mostly runs down.
  const lowest = (-80 / 180) * Math.PI;
  const turned = (angle - lowest) % Math.PI;
  return lowest + (turned < 0 ? turned + Math.PI : turned);
}

function isElongated({ width, height }: Rectangle): boolean {
  return Math.max(width, height) >= ELONGATED * Math.min(width, height);
}

function longSideFirst(box: Rectangle): Rectangle {
  return box.width >= box.height ? box : quarterTurned(box);
}

function quarterTurned({ centre, width, height, angle }: Rectangle): Rectangle {
  return { centre, width: height, height: width, angle: angle + QUARTER };
}

/** The direction most of the text runs in, in radians: a mean weighted by length, 0 for no text. */
export function mainDirection(boxes: readonly Rectangle[]): number {
  let [x, y] = [0, 0];
  for (const box of boxes.filter(isElongated).map(longSideFirst)) {
    // Doubled, so that opposite directions add up instead of cancelling out.
    x += box.width * Math.cos(2 * box.angle);
    y += box.width * Math.sin(2 * box.angle);
  }
  return x === 0 && y === 0 ? 0 : readingAngle(Math.atan2(y, x) / 2);
}

/**
 * The same rectangle with `width` along its text: along its long side, except that one as short as a
 * single letter follows the direction of the text around it.
 */
export function alongText(box: Rectangle, direction: number): Rectangle {
  if (isElongated(box)) {
    const long = longSideFirst(box);
    return { ...long, angle: readingAngle(long.angle) };
  }
  const quarters = Math.round((direction - box.angle) / QUARTER);
  const turned = quarters % 2 === 0 ? box : quarterTurned(box);
  return { ...turned, angle: box.angle + quarters * QUARTER };
}
