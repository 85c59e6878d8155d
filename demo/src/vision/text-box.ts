/** A point of a picture, in pixels from its top left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * A rotated rectangle around a line of text. `width` runs along `angle`, the direction in which the
 * text is read, in radians clockwise from the picture's x axis; `height` runs across it.
 */
export interface TextBox {
  readonly centre: Point;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
  /** The detector's mean probability inside the box. */
  readonly score: number;
}

/** The corners of a box as its reader sees them: top left, top right, bottom right, bottom left. */
export function cornersOf({ centre, width, height, angle }: TextBox): readonly Point[] {
  const along = { x: (Math.cos(angle) * width) / 2, y: (Math.sin(angle) * width) / 2 };
  const across = { x: (-Math.sin(angle) * height) / 2, y: (Math.cos(angle) * height) / 2 };
  const at = (u: number, v: number): Point => ({
    x: centre.x + u * along.x + v * across.x,
    y: centre.y + u * along.y + v * across.y,
  });
  return [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
}
