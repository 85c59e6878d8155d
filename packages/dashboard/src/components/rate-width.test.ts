import { expect, test } from "vitest";
import { rateWidth } from "./rate-width.ts";

test("the worst rate fills its bar, and what hardly ever fails does not", () => {
  expect(rateWidth(0.08, 0.08)).toBe("100%");
  expect(rateWidth(0.02, 0.08)).toBe("25%");
  expect(rateWidth(0.0025, 0.0025)).toBe("25%");
  expect(rateWidth(0, 0)).toBe("0%");
});
