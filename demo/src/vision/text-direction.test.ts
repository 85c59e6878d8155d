import { expect, test } from "vitest";
import { alongText, mainDirection } from "./text-direction.ts";

const degrees = (value: number) => (value / 180) * Math.PI;
const box = (width: number, height: number, angle: number) => ({
  centre: { x: 0, y: 0 },
  width,
  height,
  angle: degrees(angle),
});

test("the main direction is that of the long sides, whichever way round they were found", () => {
  expect(mainDirection([box(100, 10, 5), box(10, 100, 95), box(80, 10, 185)])).toBeCloseTo(
    degrees(5),
  );
});

test("without long boxes, text is taken to be level", () => {
  expect(mainDirection([box(10, 12, 30)])).toBe(0);
});

test("a line is read from left to right", () => {
  expect(alongText(box(100, 10, 170), 0)).toMatchObject({ width: 100, height: 10 });
  expect(alongText(box(100, 10, 170), 0).angle).toBeCloseTo(degrees(-10));
});

test("a line on its side is read downwards", () => {
  expect(alongText(box(100, 10, -90), 0).angle).toBeCloseTo(degrees(90));
});

test("a single tall letter stays upright among level text", () => {
  expect(alongText(box(10, 18, 0), 0)).toMatchObject({ width: 10, height: 18, angle: 0 });
  expect(alongText(box(18, 10, 90), 0)).toMatchObject({ width: 10, height: 18 });
});
