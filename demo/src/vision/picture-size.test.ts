import { expect, test } from "vitest";
import { detectionSize } from "./picture-size.ts";

test("a small picture keeps its size, rounded to 32", () => {
  expect(detectionSize({ width: 640, height: 200 })).toEqual({ width: 640, height: 192 });
});

test("a large picture is brought down to 960 on its longest side", () => {
  expect(detectionSize({ width: 4000, height: 2000 })).toEqual({ width: 960, height: 480 });
});

test("a sliver still has 32 pixels to be looked at", () => {
  expect(detectionSize({ width: 4000, height: 3 })).toEqual({ width: 960, height: 32 });
});
