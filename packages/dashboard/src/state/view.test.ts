import { expect, test } from "vitest";
import { DEFAULT_RANGE } from "../time-range.ts";
import { formatView, PAGES, parseView, viewOf } from "./view.ts";

test("a link names page, range and filters", () => {
  const view = parseView("?view=drift&range=28d&model=ocr-rec&version=1.2.0&baseline=previous");
  expect(view).toMatchObject({ page: "drift", model: "ocr-rec", version: "1.2.0" });
  expect(view.range.key).toBe("28d");
  expect(view.baseline).toBe("previous");
});

test("a link from before there were pages still shows its model", () => {
  expect(parseView("?range=24h&model=ocr-rec")).toMatchObject({ page: "model", model: "ocr-rec" });
});

test.each(["", "?range=&model=", "?range=1y&view=x", "?view=__proto__&range=__proto__"])(
  "%j is the whole fleet in the default range",
  (query) => {
    expect(parseView(query)).toEqual(viewOf("fleet", { range: DEFAULT_RANGE }));
  },
);

test.each(["ocr-rec", "a&b=c#d", "<img src=x>", "שלום %"])("model %j survives the URL", (model) => {
  expect(parseView(formatView(viewOf("model", { model }))).model).toBe(model);
});

test.each(PAGES)("every choice that %s has survives the URL, and no other is made", (page) => {
  const choice = { model: "m", version: "1", a: "1", b: "2", prediction: "p" };
  const view = viewOf(page, { ...choice, baseline: "previous", healthBy: "device" });
  expect(parseView(formatView(view))).toEqual(view);
});

test("a filter that a page does not know is not carried into it", () => {
  expect(viewOf("alerts", { model: "m", version: "1", prediction: "p" })).toMatchObject({
    model: "m",
    version: undefined,
    prediction: undefined,
  });
});

test("drift is looked at over whole days, and other pages are not", () => {
  expect(viewOf("drift", { range: DEFAULT_RANGE }).range.key).toBe("7d");
  const drift = parseView("?view=drift&range=84d");
  expect(drift.range.key).toBe("84d");
  expect(viewOf("fleet", drift).range).toBe(DEFAULT_RANGE);
});
