import { expect, test } from "vitest";
import { assignSlots, SLOT_COUNT } from "./assign-slots.ts";

test("keys get colours in their order", () => {
  expect([...assignSlots(new Map(), ["a", "b"])]).toEqual([
    ["a", 0],
    ["b", 1],
  ]);
});

test("a key keeps its colour when another comes before it or leaves", () => {
  const first = assignSlots(new Map(), ["a", "b", "c"]);
  const second = assignSlots(first, ["z", "c", "b"]);
  expect(second.get("b")).toBe(1);
  expect(second.get("c")).toBe(2);
  expect(second.get("z")).toBe(0);
});

test("no two keys share a colour, and the last of too many have none", () => {
  const keys = Array.from({ length: SLOT_COUNT + 3 }, (_, index) => `key ${index}`);
  const slots = assignSlots(new Map([["key 1", 5]]), keys);
  expect(new Set(slots.values()).size).toBe(SLOT_COUNT);
  expect(slots.has(`key ${SLOT_COUNT}`)).toBe(false);
});
