import { FEEDBACK } from "@selvedge/protocol";
import { expect, test } from "vitest";
import {
  createLabelBounds,
  type LabelBounds,
  type LabelBoundsOptions,
  NOTHING_SEEN,
} from "./label-bounds.ts";

const DAY_MS = 86_400_000;
let nowMs = 0;

function boundsOf(options: Partial<LabelBoundsOptions> = {}): LabelBounds {
  nowMs = Date.UTC(2026, 5, 1);
  return createLabelBounds({
    ...{
      valuesPerLabel: 3,
      series: 100,
      isServed: () => false,
      seen: NOTHING_SEEN,
      now: () => nowMs,
    },
    ...options,
  });
}

const fromTo = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("values that there is room for stay as they are, and further ones are other", () => {
  const bounds = boundsOf();
  const seen = fromTo(0, 5).map((n) => bounds.of({ error: `e${n}`, backend: "wasm" }).error);
  expect(seen).toEqual(["e0", "e1", "e2", "other", "other"]);
  const known = { error: "e1", backend: "wasm" };
  expect(bounds.of(known)).toEqual(known);
  expect(bounds.of({ ...known })).toBe(bounds.of(known));
  expect(bounds.capped()).toEqual({ error: 2 });
});

test("a version counts together with its model, and is none of a model there is no room for", () => {
  const bounds = boundsOf({ valuesPerLabel: 2 });
  for (const model of ["a", "b"]) bounds.of({ model, version: "1" });
  expect(bounds.of({ model: "a", version: "2" })).toEqual({ model: "a", version: "other" });
  expect(bounds.of({ model: "c", version: "1" })).toEqual({ model: "other", version: "other" });
});

test("what the registry serves always has room, however much was made up before it", () => {
  const isServed = (model: string, version = "2.0.0") => model === "rec" && version === "2.0.0";
  const bounds = boundsOf({ series: 5, isServed });
  for (const n of fromTo(0, 50)) bounds.of({ model: `m${n}`, version: `${n}`, browser: `b${n}` });
  expect(bounds.of({ model: "rec", version: "2.0.0" })).toMatchObject({
    ...{ model: "rec", version: "2.0.0" },
  });
  expect(bounds.of({ model: "rec", version: "3.0.0" }).version).toBe("other");
});

test("there are never more combinations than there is room for, and one that is all other", () => {
  const bounds = boundsOf({ valuesPerLabel: 10, series: 20 });
  const made = fromTo(0, 1000).map((n) =>
    JSON.stringify(
      bounds.of({
        browser: `b${n % 10}`,
        device: `d${((n / 10) % 10) | 0}`,
        error: `e${(n / 100) | 0}`,
      }),
    ),
  );
  expect(new Set(made).size).toBe(21);
  expect(bounds.capped()).toEqual({ series: 980 });
});

test("points of a served version that there is no room for are of one series, and one object", () => {
  const isServed = (model: string) => model.startsWith("rec");
  const bounds = boundsOf({ series: 1, isServed });
  bounds.of({ error: "a" });
  const of = (model: string, version: string, error: string) =>
    bounds.of({ model, version, error });
  const other = of("rec", "1.0.0", "a");
  expect(other).toMatchObject({ model: "rec", version: "1.0.0", error: "other" });
  expect(of("rec", "1.0.0", "b")).toBe(other);
  expect(of("rec", "1.0.1", "a")).toMatchObject({ model: "rec", version: "1.0.1" });
  expect(of("rec1", ".0.0", "a")).toMatchObject({ model: "rec1", version: ".0.0" });
  nowMs += DAY_MS;
  expect(of("rec", "1.0.0", "b")).toEqual(other);
});

test("what nobody sent for two days makes room, and what somebody did keeps it", () => {
  const bounds = boundsOf();
  for (const error of ["a", "b", "c"]) bounds.of({ error });
  for (let day = 1; day <= 2; day++) {
    nowMs += DAY_MS;
    expect(bounds.of({ error: "a" }).error).toBe("a");
  }
  expect(bounds.of({ error: "d" }).error).toBe("d");
  expect(bounds.of({ error: "a" }).error).toBe("a");
  nowMs += 10 * DAY_MS;
  expect(fromTo(0, 4).map((n) => bounds.of({ error: `${n}` }).error)).toEqual([
    "0",
    "1",
    "2",
    "other",
  ]);
});

test("texts that are put together are not taken for one", () => {
  const bounds = boundsOf({ series: 2 });
  bounds.of({ model: "a|1:b" });
  const two = { model: "a", version: "b" };
  expect(bounds.of(two)).toBe(two);
  expect(bounds.of({ model: "a" })).toMatchObject({ model: "other" });
});

test("what was stored before a start has its room still, and makes it once a day has gone without it", () => {
  const seen = {
    series: ["a", "b", "c"].map((error) => ({ labels: { error }, attributes: undefined })),
    features: ["x", "y", "z"],
  };
  const bounds = boundsOf({ seen });
  expect(bounds.of({ error: "d" }).error).toBe("other");
  expect(bounds.of({ error: "c" }).error).toBe("c");
  expect([bounds.textOf("feature", "w"), bounds.textOf("feature", "x")]).toEqual(["other", "x"]);
  nowMs += DAY_MS;
  expect(bounds.of({ error: "d" }).error).toBe("d");
});

test("series and classes that were stored have their room as well", () => {
  const labels = { model: "rec", version: "1.0.0" };
  const attributes = JSON.stringify({ [FEEDBACK.predicted]: "a", [FEEDBACK.label]: "b" });
  const bounds = boundsOf({
    ...{ valuesPerLabel: 2, series: 2 },
    seen: {
      series: [
        { labels, attributes: undefined },
        { labels, attributes },
      ],
      features: [],
    },
  });
  expect(bounds.of(labels, attributes)).toBe(labels);
  expect(bounds.of(labels)).toBe(labels);
  expect(bounds.of(labels, "{}")).toMatchObject({ model: "other" });
  expect(["a", "b", "c"].map((name) => bounds.textOf("class", name))).toEqual(["a", "b", "other"]);
});
