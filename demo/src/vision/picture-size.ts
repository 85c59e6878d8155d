/** The width and height of a picture or a map, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const LONGEST_SIDE = 960;
const STRIDE = 32;

/**
 * The size at which the detector looks at a picture: no side above 960, both multiples of 32 (its
 * strides halve five times). Small pictures are not enlarged: it was trained on text of that size.
 */
export function detectionSize({ width, height }: Size): Size {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const fit = (side: number): number =>
    Math.max(STRIDE, Math.round((side * scale) / STRIDE) * STRIDE);
  return { width: fit(width), height: fit(height) };
}
