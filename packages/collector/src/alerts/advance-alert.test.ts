import fc from "fast-check";
import { expect, test } from "vitest";
import { advanceAlert, readBound, type Standing } from "./advance-alert.ts";

const BOUND = { side: "above", level: 10, clear: 5 } as const;
const START: Standing = { state: "ok", since: 0 };

/** Where it stands after each of these values, a second apart. */
function run(values: readonly (number | null)[], forMs = 0): string[] {
  let standing = START;
  return values.map((value, i) => {
    const reading = readBound({}, value, BOUND);
    standing = advanceAlert(standing, reading, { forMs, nowMs: (i + 1) * 1000 });
    return standing.state;
  });
}

test("fires above its level, and ends at the level where it clears", () => {
  expect(run([10, 11, 7, 12, 6, 5, 7])).toEqual([
    ...["ok", "firing", "firing", "firing", "firing", "ok", "ok"],
  ]);
});

test("waits as long as it is told before it fires, from the beginning after each good value", () => {
  expect(run([11, 11, 9, 11, 11, 11], 2000)).toEqual([
    ...["pending", "pending", "ok", "pending", "pending", "firing"],
  ]);
});

test("knows nothing where nothing is measured", () => {
  expect(run([11, null, 7, 11])).toEqual(["firing", "no-data", "ok", "firing"]);
});

test("watches for what is too low as well", () => {
  const below = { side: "below", level: 0.8, clear: 0.9 } as const;
  expect(readBound({}, 0.79, below)).toMatchObject({ isBreach: true, isClear: false });
  expect(readBound({}, 0.85, below)).toMatchObject({ isBreach: false, isClear: false });
  expect(readBound({}, 0.9, below)).toMatchObject({ isBreach: false, isClear: true });
});

test("between its levels an alert never changes, whatever came before", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true })), (values) => {
      const states = ["ok", ...run(values)];
      for (const [i, value] of values.entries())
        if (value > BOUND.clear && value <= BOUND.level) expect(states[i + 1]).toBe(states[i]);
    }),
  );
});
