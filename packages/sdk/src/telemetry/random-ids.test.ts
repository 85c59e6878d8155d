import { expect, test } from "vitest";
import { RandomIds } from "./random-ids.ts";

test("ids are 48 hex digits, and no two are alike, however many are drawn", () => {
  const ids = new RandomIds();
  const drawn = Array.from({ length: 1000 }, () => ids.draw());
  expect(drawn.every((id) => /^[0-9a-f]{48}$/.test(id))).toBe(true);
  const words = drawn.flatMap((id) => [id.slice(0, 16), id.slice(16, 32), id.slice(32)]);
  expect(new Set(words).size).toBe(3000);
});
