import { expect, test } from "vitest";
import { readRange } from "./read-range.mjs";

test.each([
  ["bytes=0-99", { from: 0, to: 100 }],
  ["bytes=900-", { from: 900, to: 1000 }],
  ["bytes=-10", { from: 990, to: 1000 }],
  ["bytes=990-2000", { from: 990, to: 1000 }],
])("%s is one range", (header, range) => {
  expect(readRange(header, 1000)).toEqual(range);
});

test.each([undefined, "bytes=-", "bytes=1000-", "bytes=5-4", "bytes=0-1,5-6", "items=0-1"])(
  "%s is none, and the whole file may be sent",
  (header) => {
    expect(readRange(header, 1000)).toBeUndefined();
  },
);
