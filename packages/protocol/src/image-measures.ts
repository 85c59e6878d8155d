/** An image within a tensor: where its pixels lie, and how to read one. */
export interface ImageView {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** One channel of one pixel, in the tensor's own unit. */
  readonly at: (x: number, y: number, channel: number) => number;
}

/** How an image looks; NaN where it has no pixels to tell it by. */
export interface ImageLook {
  /** The mean over pixels and channels, in the tensor's own unit. */
  readonly brightness: number;
  /** The standard deviation of grey values. */
  readonly contrast: number;
  /** The standard deviation of their Laplacian. */
  readonly sharpness: number;
}

/** Pixels are looked at on a grid of this many columns and rows, however large the image is. */
const GRID = 32;

/** The fewest pixels that a Laplacian has to have around it lie in 3 × 3. */
const SMALLEST_SIDE = 3;

/**
 * Says how an image looks, from at most 1,024 of its pixels on an even grid, so that a large one costs
 * what a small one does. Sharpness is taken of neighbours in the image itself, not on the grid.
 *
 * @see J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR (2000), for the
 * variance of the Laplacian
 */
export function lookOf(image: ImageView): ImageLook {
  const { width, height, channels, at } = image;
  const grey = (x: number, y: number): number => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += at(x, y, channel);
    return sum / channels;
  };
  const values: number[] = [];
  const edges: number[] = [];
  const isLarge = Math.min(width, height) >= SMALLEST_SIDE;
  for (const y of gridOf(height))
    for (const x of gridOf(width)) {
      const value = grey(x, y);
      values.push(value);
      if (!isLarge) continue;
      const [left, up] = [
        Math.min(Math.max(x, 1), width - 2),
        Math.min(Math.max(y, 1), height - 2),
      ];
      const around =
        grey(left - 1, up) + grey(left + 1, up) + grey(left, up - 1) + grey(left, up + 1);
      edges.push(around - 4 * grey(left, up));
    }
  const { mean, deviation } = spreadOf(values);
  return { brightness: mean, contrast: deviation, sharpness: spreadOf(edges).deviation };
}

/** The middles of equal parts of a side. */
function gridOf(side: number): number[] {
  const count = Math.min(side, GRID);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * side) / count));
}

function spreadOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
