import { LIMIT } from "./quantize-channels.ts";

/** How a base version quantized a weight. */
export interface WeightScales {
  /** One for each channel. */
  readonly scales: Float32Array;
  /** Elements of the weight. */
  readonly elements: number;
}

/** How a base version quantized its weights, by their names. */
export type BaseScales = ReadonlyMap<string, WeightScales>;

/** How many channels have a scale, and how many of these are the base's. */
export interface ScaleCounts {
  readonly all: number;
  readonly kept: number;
}

/**
 * Up to half a step past the last one, a channel's largest value is off by no more than any other:
 * nothing is clipped that rounding would not have cost.
 */
const MOST_STEPS = LIMIT + 0.5;

/** A channel that shrank is quantized in fewer steps; this many are worth 0.5 dB less than all. */
const FEWEST_STEPS = LIMIT * 10 ** (-0.5 / 20);

/**
 * Scales that channels keep from a base version. A weight that changed a little then changes in a few
 * of its integers, by one, and its scales do not change at all: that is what makes the deltas small.
 * A channel keeps its scale as long as that costs next to nothing, see docs/adr/0011-kept-scales.md.
 */
export class KeptScales {
  readonly #base: BaseScales;
  readonly #counts = new Map<string, ScaleCounts>();

  constructor(base: BaseScales) {
    this.#base = base;
  }

  /** Which scales a weight is to have, given those that its values ask for. */
  settle(name: string, { scales: own, elements }: WeightScales): Float32Array {
    const before = this.#base.get(name);
    const isSameShape = before?.scales.length === own.length && before.elements === elements;
    let kept = 0;
    const settled = own.map((scale, channel) => {
      const older = isSameShape ? before.scales[channel] : undefined;
      if (older === undefined || !isGoodEnough(older, scale)) return scale;
      kept++;
      return older;
    });
    this.#counts.set(name, { all: own.length, kept });
    return settled;
  }

  /** Over every weight that was settled. */
  get counts(): ScaleCounts {
    let [all, kept] = [0, 0];
    for (const weight of this.#counts.values()) {
      all += weight.all;
      kept += weight.kept;
    }
    return { all, kept };
  }
}

/** Whether a channel that asks for the scale `own` may have `older`; never where that is no number. */
function isGoodEnough(older: number, own: number): boolean {
  const steps = (LIMIT * own) / older;
  return steps >= FEWEST_STEPS && steps <= MOST_STEPS;
}
