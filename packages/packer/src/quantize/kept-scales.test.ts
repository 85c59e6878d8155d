import fc from "fast-check";
import { expect, test } from "vitest";
import { KeptScales } from "./kept-scales.ts";
import { quantizeChannels } from "./quantize-channels.ts";

const base = (scales: readonly number[], elements = 512) =>
  new Map([["w", { scales: Float32Array.from(scales), elements }]]);

function settled(
  older: readonly number[],
  own: readonly number[],
  { name = "w", elements = 512 } = {},
) {
  const kept = new KeptScales(base(older));
  const scales = kept.settle(name, { scales: Float32Array.from(own), elements });
  return { scales: [...scales], counts: kept.counts };
}

test("a channel keeps its scale while its values need about as many steps", () => {
  const { scales, counts } = settled([1, 1, 1, 1, 1], [1, 1.003, 0.95, 1.005, 0.94]);
  expect(scales.map((scale) => scale === 1)).toEqual([true, true, true, false, false]);
  expect(scales.slice(3)).toEqual([1.005, 0.94].map(Math.fround));
  expect(counts).toEqual({ all: 5, kept: 3 });
});

test("a weight that the base does not have, or has in another size, gets scales of its own", () => {
  const own = [1.001, 1.002];
  for (const given of [
    settled([1, 1], own, { name: "v" }),
    settled([1, 1], own, { elements: 256 }),
    settled([1, 1, 1], own),
    settled([1], own),
  ])
    expect(given).toEqual({ scales: own.map(Math.fround), counts: { all: 2, kept: 0 } });
});

test("what is no scale is never kept", () => {
  const damaged = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e-40];
  expect(settled(damaged, [1, 1, 1, 1, 1]).counts).toEqual({ all: 5, kept: 0 });
});

test("with kept scales a value is off by half a step at most too", () => {
  const row = fc.float32Array({ minLength: 8, maxLength: 8, noNaN: true, min: -1, max: 1 });
  const wobble = fc.double({ min: 0.9, max: 1.1, noNaN: true });
  fc.assert(
    fc.property(row, wobble, (values, by) => {
      const dims = [1, 8];
      const older = quantizeChannels(
        values.map((value) => value * by),
        { dims, axis: 0 },
      );
      const kept = new KeptScales(base([...older.scales], 8));
      const settle = (scales: Float32Array) => kept.settle("w", { scales, elements: 8 });
      const { quantized, scales } = quantizeChannels(values, { dims, axis: 0, settle });
      const [scale = 0] = scales;
      values.forEach((value, i) => {
        const off = Math.abs(value - (quantized[i] ?? 0) * scale);
        expect(off).toBeLessThanOrEqual(scale * (0.5 + 128 * 2 ** -23));
      });
    }),
  );
});
