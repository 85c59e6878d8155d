import { expect, test } from "vitest";
import { distributionPolicy } from "./distribution-policy.ts";

test("distributions are told unless they are turned off, and randomised where an ε is given", () => {
  expect(distributionPolicy(undefined)).toEqual({});
  expect(distributionPolicy({})).toEqual({});
  expect(distributionPolicy({ epsilon: 2 })).toEqual({ epsilon: 2 });
  expect(distributionPolicy(false)).toBeUndefined();
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "2"])(
  "an ε of %j is refused",
  (epsilon) => {
    expect(() => distributionPolicy({ epsilon: epsilon as number })).toThrow(
      expect.objectContaining({
        code: "options-invalid",
        message: expect.stringContaining("telemetry.distributions.epsilon"),
      }),
    );
  },
);
