import fc from "fast-check";
import { expect, test } from "vitest";
import { cropOf } from "./crop.ts";
import { cornersOf } from "./text-box.ts";

test("the corners of a box land on the corners of its crop", () => {
  fc.assert(
    fc.property(
      fc.record({
        centre: fc.record({ x: fc.integer({ max: 5000 }), y: fc.integer({ max: 5000 }) }),
        width: fc.integer({ min: 10, max: 1000 }),
        height: fc.integer({ min: 10, max: 200 }),
        angle: fc.double({ min: -1.5, max: 1.5, noNaN: true }),
        score: fc.constant(1),
      }),
      (box) => {
        const crop = cropOf(box);
        const [a, b, c, d, e, f] = crop.transform;
        const expected = [
          [0, 0],
          [crop.width, 0],
          [crop.width, 48],
          [0, 48],
        ];
        for (const [index, { x, y }] of cornersOf(box).entries()) {
          expect(a * x + c * y + e).toBeCloseTo(expected[index]?.[0] ?? NaN, 1);
          expect(b * x + d * y + f).toBeCloseTo(expected[index]?.[1] ?? NaN, 1);
        }
      },
    ),
  );
});

test("an endless line is squeezed instead of exhausting memory", () => {
  const box = { centre: { x: 0, y: 0 }, width: 1e6, height: 10, angle: 0, score: 1 };
  expect(cropOf(box).width).toBe(2400);
});
