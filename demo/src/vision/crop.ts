import type { Size } from "./picture-size.ts";
import type { TextBox } from "./text-box.ts";

const LINE_HEIGHT = 48;
/** Beyond this a line is squeezed; it bounds what one line may cost. */
const WIDEST = 2400;

/** A line to cut out: its size, and the canvas transform that brings it there upright. */
export interface Crop extends Size {
  /** `a, b, c, d, e, f` as `setTransform` takes them, from the picture's pixels to the crop's. */
  readonly transform: readonly [number, number, number, number, number, number];
}

/** How to cut a box out of its picture for the recogniser, which reads lines 48 pixels high. */
export function cropOf({ centre, width, height, angle }: TextBox): Crop {
  const size = {
    width: Math.min(WIDEST, Math.max(1, Math.ceil((LINE_HEIGHT * width) / height))),
    height: LINE_HEIGHT,
  };
  const scaleX = size.width / width;
  const scaleY = size.height / height;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [a, b, c, d] = [cos * scaleX, -sin * scaleY, sin * scaleX, cos * scaleY];
  return {
    ...size,
    transform: [
      a,
      b,
      c,
      d,
      size.width / 2 - (a * centre.x + c * centre.y),
      size.height / 2 - (b * centre.x + d * centre.y),
    ],
  };
}
