import { ATTRIBUTES, PREDICTION } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { attributeName, formatAttribute } from "./attribute-names.ts";

const SHOWN = [
  ATTRIBUTES.model,
  ATTRIBUTES.version,
  ATTRIBUTES.backend,
  ...Object.values(PREDICTION),
];

test.each(SHOWN)("%s has a name for people", (name) => {
  expect(attributeName(name)).not.toBe(name);
});

test("an attribute of somebody else's keeps its own name and value", () => {
  expect(attributeName("http.route")).toBe("http.route");
  expect(formatAttribute("http.ok", true)).toBe("true");
});

test("a duration has its unit", () => {
  expect(formatAttribute(PREDICTION.runMs, 12.34).replaceAll("\u202f", " ")).toBe("12 ms");
});
