import { expect, test } from "vitest";
import { isMetered } from "./metered.ts";

test.each([
  [{}, false],
  [{ connection: undefined }, false],
  [{ connection: {} }, false],
  [{ connection: { type: "wifi", saveData: false } }, false],
  [{ connection: { type: "cellular" } }, true],
  [{ connection: { type: "wifi", saveData: true } }, true],
])("a device of which the browser says %j is metered: %s", (device, metered) => {
  expect(isMetered(device)).toBe(metered);
});
