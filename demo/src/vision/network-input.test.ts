import { expect, test } from "vitest";
import { detectionInput, recognitionInput } from "./network-input.ts";

const size = { width: 2, height: 1 };
const pixels = new Uint8ClampedArray([255, 128, 0, 255, 0, 0, 255, 255]);

test("the recogniser gets red, green and blue planes between -1 and 1", () => {
  const planes = recognitionInput(pixels, size);
  expect([...planes].map((value) => Math.round(value * 1000) / 1000)).toEqual([
    1, -1, 0.004, -1, -1, 1,
  ]);
});

test("the detector's first plane is red, with the first mean", () => {
  const planes = detectionInput(pixels, size);
  expect(planes[0]).toBeCloseTo((1 - 0.485) / 0.229, 5);
  expect(planes[1]).toBeCloseTo((0 - 0.485) / 0.229, 5);
  expect(planes[5]).toBeCloseTo((1 - 0.406) / 0.225, 5);
});
