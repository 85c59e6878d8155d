import { elementCount } from "@selvedge/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quantizeChannels, toUnsigned } from "./quantize-channels.ts";

const tensors = fc
  .record({
    dims: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
    axis: fc.nat(),
  })
  .chain(({ dims, axis }) =>
    fc.record({
      dims: fc.constant(dims),
      axis: fc.constant(axis % dims.length),
      values: fc.float32Array({
        noNaN: true,
        noDefaultInfinity: true,
        minLength: elementCount(dims),
        maxLength: elementCount(dims),
      }),
    }),
  );

function channelOf(index: number, dims: readonly number[], axis: number): number {
  return Math.floor(index / elementCount(dims.slice(axis + 1))) % (dims[axis] ?? 1);
}

test("a value is off by half a step of its channel at most", () => {
  fc.assert(
    fc.property(tensors, ({ dims, axis, values }) => {
      const { quantized, scales } = quantizeChannels(values, { dims, axis });
      expect(scales).toHaveLength(dims[axis] ?? 0);
      values.forEach((value, i) => {
        const scale = scales[channelOf(i, dims, axis)] ?? 0;
        const off = Math.abs(value - (quantized[i] ?? 0) * scale);
        // The step itself is rounded to float32.
        expect(off).toBeLessThanOrEqual(scale * (0.5 + 127 * 2 ** -23));
      });
    }),
  );
});

test("a channel does not pay for the values of another", () => {
  const { quantized, scales } = quantizeChannels(Float32Array.of(0.1, 100, -0.05, 50), {
    dims: [2, 2],
    axis: 1,
  });
  expect([...quantized]).toEqual([127, 127, -64, 64]);
  expect([...scales]).toEqual([Math.fround(0.1 / 127), Math.fround(100 / 127)].map(Math.fround));
});

test("zeros stay zeros, and unsigned they are 128", () => {
  const { quantized } = quantizeChannels(new Float32Array(4), { dims: [2, 2], axis: 0 });
  expect([...toUnsigned(quantized)]).toEqual([128, 128, 128, 128]);
});
