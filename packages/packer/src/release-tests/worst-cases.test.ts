import { expect, test } from "vitest";
import { texted, valued } from "./observation.fixture.ts";
import { worstCases } from "./worst-cases.ts";

const cases = [
  { inputs: [], name: "first" },
  { inputs: [] },
  { inputs: [] },
  { inputs: [] },
  { inputs: [] },
];

test("the three that cost most come first, and those without an error not at all", () => {
  const read = [
    texted("ab", "ab"),
    texted("", "abcd"),
    texted("abx", "abc"),
    texted("ab", "ax"),
    texted("x", ""),
  ];
  expect(worstCases("cer", cases, read)).toBe(
    "case 1 with 1, case 3 with 0.5, case 2 with 0.333333",
  );
});

test("of R², which one case alone does not have, they are those with the largest squared error", () => {
  const values = [valued([1], [1]), valued([1], [3]), valued([2], [3])];
  expect(worstCases("r2", cases, values)).toMatch(/^case 1 with -4, case 2 with -1, /);
});
