import fc from "fast-check";
import { expect, test } from "vitest";
import { advanceAlert, readBound, type Standing } from "./advance-alert.ts";

const BOUND = { side: "above", level: 10, clear: 5 } as const;
const START: Standing = { state: "ok", since: 0, told: "ok" };

/** Where it stands after each of these values, a second apart. */
function standingsAfter(values: readonly (number | null)[], forMs = 0): Standing[] {
  let standing = START;
  return values.map((value, i) => {
    const reading = readBound({}, value, BOUND);
    standing = advanceAlert(standing, reading, { forMs, nowMs: (i + 1) * 1000 });
    return standing;
  });
}

function run(values: readonly (number | null)[], forMs = 0): string[] {
  return standingsAfter(values, forMs).map(({ state }) => state);
}

/** What receivers are told after these values, each with what was measured then. */
function tell(values: readonly (number | null)[], forMs = 0) {
  const standings = standingsAfter(values, forMs);
  return standings.flatMap(({ told }, i) =>
    told === (standings[i - 1] ?? START).told ? [] : [{ told, value: values[i] }],
  );
}

/** Not any number between: nearly all of those are next to nothing. */
const measured = fc.integer({ min: 0, max: 2 * (BOUND.level + BOUND.clear) }).map((n) => n / 2);
const values = fc.array(fc.option(measured, { freq: 3 }));

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

test("knows nothing where nothing is measured, and remembers what fired before it", () => {
  expect(run([11, null, 7, 11])).toEqual(["firing", "no-data", "firing", "firing"]);
  expect(run([11, null, null, 5, 7])).toEqual(["firing", "no-data", "no-data", "ok", "ok"]);
  expect(run([7, null, 7], 2000)).toEqual(["ok", "no-data", "ok"]);
  expect(run([11, null, 11], 2000)).toEqual(["pending", "no-data", "pending"]);
});

test("tells once that it fires, that nothing is measured any more, and that it ended", () => {
  const told = tell([11, null, 12, null, 7, 4, null, 11]).map((change) => change.told);
  expect(told).toEqual(["firing", "no-data", "ok", "firing"]);
});

test("watches for what is too low as well", () => {
  const below = { side: "below", level: 0.8, clear: 0.9 } as const;
  expect(readBound({}, 0.79, below)).toMatchObject({ isBreach: true, isClear: false });
  expect(readBound({}, 0.85, below)).toMatchObject({ isBreach: false, isClear: false });
  expect(readBound({}, 0.9, below)).toMatchObject({ isBreach: false, isClear: true });
});

test("between its levels an alert never changes, whatever came before", () => {
  fc.assert(
    fc.property(values, (some) => {
      const known = some.flatMap((value) => value ?? []);
      const states = run(some).filter((_, i) => some[i] !== null);
      for (const [i, value] of known.entries())
        if (value > BOUND.clear && value <= BOUND.level)
          expect(states[i]).toBe(i === 0 ? "ok" : states[i - 1]);
    }),
  );
});

test("where nothing is measured meanwhile, all that is measured comes to the same", () => {
  fc.assert(
    fc.property(values, (some) => {
      const states = run(some).filter((_, i) => some[i] !== null);
      expect(states).toEqual(run(some.filter((value) => value !== null)));
    }),
  );
});

test("is told to fire at most once between two values that clear it, however long it has to wait", () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 3000 }), (some, forMs) => {
      let isOpen = false;
      for (const { told, value } of tell(some, forMs)) {
        if (told === "firing") expect([isOpen, Number(value) > BOUND.level]).toEqual([false, true]);
        if (told === "no-data") expect([isOpen, value]).toEqual([true, null]);
        if (told === "ok") expect([isOpen, Number(value) <= BOUND.clear]).toEqual([true, true]);
        isOpen = told !== "ok";
      }
    }),
  );
});
