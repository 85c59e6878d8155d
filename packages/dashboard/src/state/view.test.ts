import { expect, test } from "vitest";
import { DEFAULT_RANGE } from "../time-range.ts";
import { formatView, parseView } from "./view.ts";

test("a link names range and model", () => {
  const view = parseView("?range=24h&model=ocr-rec");
  expect(view.range.key).toBe("24h");
  expect(view.model).toBe("ocr-rec");
});

test.each(["", "?range=&model=", "?range=1y", "?range=__proto__"])("%j is the default", (query) => {
  expect(parseView(query)).toEqual({ range: DEFAULT_RANGE, model: undefined });
});

test.each(["ocr-rec", "a&b=c#d", "<img src=x>", "שלום %"])("model %j survives the URL", (model) => {
  expect(parseView(formatView({ range: DEFAULT_RANGE, model })).model).toBe(model);
});
