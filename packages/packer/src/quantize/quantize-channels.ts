/** A tensor in 8 bits: `value ≈ quantized · scale` of its channel. */
export interface QuantizedChannels {
  readonly quantized: Int8Array;
  readonly scales: Float32Array;
}

/** Quantized values lie from −127 to 127: symmetric, so that zero needs no offset. */
export const LIMIT = 127;

/** What is added to make a signed value unsigned: the zero point of unsigned weights. */
export const UNSIGNED_ZERO = 128;

/**
 * Quantizes a tensor with a scale for each index of one axis; every value is off by half a step at most.
 *
 * @param settle which scales to use, given the tensor's own; without it those
 */
export function quantizeChannels(
  values: Float32Array,
  {
    dims,
    axis,
    settle = (own) => own,
  }: {
    readonly dims: readonly number[];
    readonly axis: number;
    readonly settle?: (own: Float32Array) => Float32Array;
  },
): QuantizedChannels {
  const channels = dims[axis] ?? 1;
  const stride = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  const largest = new Float32Array(channels);
  eachRun(values.length, stride, channels, (start, end, channel) => {
    let most = largest[channel] ?? 0;
    for (let i = start; i < end; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
    largest[channel] = most;
  });
  // A channel of zeros, or of numbers so small that their step vanishes, needs some scale all the same.
  const scales = settle(largest.map((most) => Math.fround(most / LIMIT) || 1));
  const quantized = new Int8Array(values.length);
  eachRun(values.length, stride, channels, (start, end, channel) => {
    const scale = scales[channel] ?? 1;
    for (let i = start; i < end; i++)
      quantized[i] = Math.max(-LIMIT, Math.min(LIMIT, Math.round((values[i] ?? 0) / scale)));
  });
  return { quantized, scales };
}

/** The same values, with 128 standing for zero. */
export function toUnsigned(quantized: Int8Array): Uint8Array {
  return Uint8Array.from(quantized, (value) => value + UNSIGNED_ZERO);
}

/** Visits the stretches of a tensor that lie in one channel. */
function eachRun(
  length: number,
  stride: number,
  channels: number,
  visit: (start: number, end: number, channel: number) => void,
): void {
  for (let start = 0, run = 0; start < length; start += stride, run++)
    visit(start, start + stride, run % channels);
}
