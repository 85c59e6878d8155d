import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSteppedWindow, parseWindow } from "./parse-query.ts";

const NOON = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;

test("without parameters it is the last hour, in about sixty steps", () => {
  const { from, to, stepMs, model } = parseSteppedWindow({}, NOON);
  expect(to).toBe(NOON + 1);
  expect(to - from).toBeGreaterThanOrEqual(60 * MINUTE);
  expect(to - from).toBeLessThan(62 * MINUTE);
  expect(Math.ceil((to - from) / stepMs)).toBeLessThanOrEqual(61);
  expect(from % stepMs).toBe(0);
  expect(model).toBeUndefined();
});

test.each([
  [24, 30],
  [48, 60],
  [6, 10],
  [7 * 24, 180],
])("without a step, one of %i hours is in steps that rollups are made of", (hours, minutes) => {
  const from = String(NOON - hours * 60 * MINUTE);
  expect(parseSteppedWindow({ from }, NOON).stepMs).toBe(minutes * MINUTE);
});

test("takes the window, the step and the model it is given", () => {
  const query = { from: String(NOON), to: String(NOON + MINUTE), step: "7000", model: "rec" };
  expect(parseSteppedWindow(query, 0)).toEqual({
    from: NOON,
    to: NOON + MINUTE,
    stepMs: 7000,
    model: "rec",
  });
});

test.each([
  ["from", { from: "yesterday" }],
  ["from", { from: "-1" }],
  ["from", { from: "1e3" }],
  ["from", { from: String(NOON + MINUTE) }],
  ["from", { from: "5", to: "5" }],
  ["to", { to: "99999999999999999" }],
  ["to", { to: "" }],
  ["step", { step: "0" }],
  ["step", { step: "3000" }],
  ["model", { model: "../rec" }],
])("names %s when it is wrong: %o", (name, query) => {
  expect(() => parseSteppedWindow(query, NOON)).toThrow(
    expect.objectContaining({ code: "options-invalid", detail: { field: name } }),
  );
});

test("where the beginning may be chosen, it is what the question says", () => {
  expect(parseWindow({ to: "500" }, NOON, () => 0)).toMatchObject({ from: 0, to: 500 });
});

test("never gives more than a thousand steps", () => {
  const time = fc.option(fc.nat({ max: NOON * 2 }).map(String), { nil: undefined });
  fc.assert(
    fc.property(fc.record({ from: time, to: time, step: time }), (drawn) => {
      const query = Object.fromEntries(
        Object.entries(drawn).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])),
      );
      try {
        const { from, to, stepMs } = parseSteppedWindow(query, NOON);
        expect(Math.ceil((to - from) / stepMs)).toBeLessThanOrEqual(1000);
        expect(from).toBeLessThan(to);
      } catch (error) {
        expect(error).toMatchObject({ code: "options-invalid" });
      }
    }),
  );
});
