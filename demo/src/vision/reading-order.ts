import type { TextBox } from "./text-box.ts";
import { mainDirection } from "./text-direction.ts";

interface Placed {
  readonly box: TextBox;
  readonly along: number;
  readonly across: number;
}

/**
 * Boxes in the order they are read: from the top row down, from left to right in a row, in the frame
 * of the direction most of the text runs in. A box joins a row when its middle is within half a
 * line's height of the row's.
 */
export function inReadingOrder(boxes: readonly TextBox[]): TextBox[] {
  const direction = mainDirection(boxes);
  const [cos, sin] = [Math.cos(direction), Math.sin(direction)];
  const placed = boxes
    .map(
      (box): Placed => ({
        box,
        along: box.centre.x * cos + box.centre.y * sin,
        across: box.centre.y * cos - box.centre.x * sin,
      }),
    )
    .toSorted((a, b) => a.across - b.across);

  const rows: Placed[][] = [];
  for (const item of placed) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    const reach = last && Math.min(last.box.height, item.box.height) / 2;
    if (row && last && reach && item.across - last.across <= reach) row.push(item);
    else rows.push([item]);
  }
  return rows.flatMap((row) => row.toSorted((a, b) => a.along - b.along).map(({ box }) => box));
}
