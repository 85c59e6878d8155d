import fc from "fast-check";
import { expect, test } from "vitest";
import { smallestRectangle } from "./smallest-rectangle.ts";

test("an upright rectangle is found upright", () => {
  const points = [
    { x: 2, y: 1 },
    { x: 12, y: 1 },
    { x: 12, y: 5 },
    { x: 2, y: 5 },
  ];
  expect(smallestRectangle(points)).toEqual({
    centre: { x: 7, y: 3 },
    width: 10,
    height: 4,
    angle: 0,
  });
});

test("a single point has no extent", () => {
  expect(smallestRectangle([{ x: 3, y: 4 }])).toMatchObject({
    centre: { x: 3, y: 4 },
    width: 0,
    height: 0,
  });
});

test("a rotated rectangle is found with its own sides", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1.5, max: 1.5, noNaN: true }),
      fc.integer({ min: 5, max: 300 }),
      fc.integer({ min: 5, max: 300 }),
      (angle, width, height) => {
        const corners = [
          [-1, -1],
          [1, -1],
          [1, 1],
          [-1, 1],
          [0, 0],
        ].map(([u = 0, v = 0]) => ({
          x: 50 + ((u * width) / 2) * Math.cos(angle) - ((v * height) / 2) * Math.sin(angle),
          y: 70 + ((u * width) / 2) * Math.sin(angle) + ((v * height) / 2) * Math.cos(angle),
        }));
        const found = smallestRectangle(corners);
        expect(found.width * found.height).toBeCloseTo(width * height, 3);
        expect(Math.max(found.width, found.height)).toBeCloseTo(Math.max(width, height), 3);
        expect(found.centre.x).toBeCloseTo(50, 3);
        expect(found.centre.y).toBeCloseTo(70, 3);
      },
    ),
  );
});
