import { expect, test } from "vitest";
import { connectedComponents } from "./connected-components.ts";
import { mapOf } from "./probability-map.fixture.ts";

test("islands that touch at a corner are one", () => {
  expect(connectedComponents(mapOf("#..", ".#.", "..#"), 0.3)).toHaveLength(1);
});

test("islands with a gap between them are two, each with the ends of its rows", () => {
  const components = connectedComponents(mapOf("##.###", "##....", "......"), 0.3);
  expect(components).toHaveLength(2);
  expect(components[0]).toEqual([
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 0, y: 1 },
    { x: 1, y: 1 },
  ]);
  expect(components[1]).toEqual([
    { x: 3, y: 0 },
    { x: 5, y: 0 },
  ]);
});

test("an island does not continue around the right edge onto the next row", () => {
  expect(connectedComponents(mapOf("..#", "...", "#.."), 0.3)).toHaveLength(2);
});

test("what is not above the threshold is sea", () => {
  expect(connectedComponents(mapOf("+++"), 0.5)).toEqual([]);
});
