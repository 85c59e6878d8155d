import type { PredictionsAnswer } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { assignSlots, SLOT_COUNT } from "./assign-slots.ts";
import { busiestFirst, drawnPredictions, predictionSeries } from "./prediction-series.ts";

function answer(totals: Record<string, number>): PredictionsAnswer {
  const series = Object.entries(totals).map(([version, total]) => ({
    model: "ocr-rec",
    version,
    backend: "wasm",
    counts: [total - 1, 1],
  }));
  return { from: 0, to: 2, stepMs: 1, series };
}

test("series come by version, whatever their traffic", () => {
  const given = answer({ "1.10.0": 900, "1.9.0": 5 });
  const drawn = predictionSeries(given, assignSlots(new Map(), busiestFirst(given)));
  expect(drawn.map(({ identities }) => identities[0]?.version)).toEqual(["1.9.0", "1.10.0"]);
  expect(drawn.map(({ slot }) => slot)).toEqual([1, 0]);
});

test("the quietest of too many are added up, and nothing is lost", () => {
  const totals = Object.fromEntries(
    Array.from({ length: SLOT_COUNT + 2 }, (_, index) => [`1.${index}.0`, 100 - index]),
  );
  const given = answer(totals);
  const drawn = predictionSeries(given, assignSlots(new Map(), busiestFirst(given)));
  const rest = drawn.at(-1);
  expect(drawn).toHaveLength(SLOT_COUNT + 1);
  expect(rest?.identities).toHaveLength(2);
  expect(rest?.counts).toEqual([92 + 91, 2]);
  const total = Object.values(totals).reduce((sum, each) => sum + each, 0);
  expect(drawn.reduce((sum, each) => sum + each.total, 0)).toBe(total);
});

test("where a page is about all models, their versions and backends are added up", () => {
  const predictions = { answer: answer({ "1.0.0": 10, "2.0.0": 4 }) };
  const focus = { model: undefined, version: undefined, a: undefined, b: undefined };
  expect(drawnPredictions({ focus, parts: { predictions } }).series).toEqual([
    { model: "ocr-rec", version: "", backend: "", counts: [12, 2] },
  ]);
  const one = drawnPredictions({ focus: { ...focus, model: "ocr-rec" }, parts: { predictions } });
  expect(one.series).toHaveLength(2);
});
