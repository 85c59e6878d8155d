import { expect, test } from "vitest";
import { toleranceOfOutput } from "./tolerance-of-output.ts";

const tolerance = { absolute: 1, relative: 0.1 };
const golden = [
  { outputs: [{ name: "small", scale: 0.01 }, { name: "large" }] },
  { outputs: [{ name: "small", scale: 0.02 }] },
];

test("a small output beside a large one has a smaller tolerance", () => {
  expect(toleranceOfOutput("small", golden, tolerance)).toEqual({ absolute: 0.02, relative: 0.1 });
  expect(toleranceOfOutput("large", golden, tolerance)).toEqual(tolerance);
});

test("without golden answers, answers have to be exact", () => {
  expect(toleranceOfOutput("y", [])).toEqual({ absolute: 0, relative: 0 });
});
