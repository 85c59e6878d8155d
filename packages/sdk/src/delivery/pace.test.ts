import { PIECE_BYTES } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

/** A pace over a clock of its own. */
function paced(most = 4) {
  let now = 0;
  const pace = new Pace(most, () => now);
  /** Bytes come for a while, at so many bytes a millisecond. */
  const flow = (rate: number, ms = 4000) => {
    for (const until = now + ms; now < until; ) {
      now += 50;
      pace.came(rate * 50);
    }
  };
  return { pace, flow };
}

const SLOW = 1000;

test("one request until a host has answered, then a second", () => {
  const { pace } = paced();
  expect([pace.lanes, pace.roundTripMs]).toEqual([1, undefined]);
  pace.answered(40);
  expect([pace.lanes, pace.roundTripMs]).toEqual([2, 40]);
});

test("one more for as long as it brings more, and never more than there may be", () => {
  const { pace, flow } = paced();
  pace.answered(40);
  flow(SLOW);
  expect(pace.lanes).toBe(3);
  flow(SLOW);
  expect(pace.lanes).toBe(3);
  flow(2 * SLOW);
  flow(4 * SLOW);
  flow(8 * SLOW);
  expect(pace.lanes).toBe(4);
});

test("after a failure one again, which may become more again", () => {
  const { pace, flow } = paced();
  pace.answered(40);
  flow(SLOW);
  pace.failed();
  expect(pace.lanes).toBe(1);
  pace.answered(40);
  flow(SLOW);
  expect(pace.lanes).toBe(3);
});

test("where order matters there is one request at any time", () => {
  const { pace, flow } = paced(1);
  pace.answered(40);
  flow(SLOW);
  expect(pace.lanes).toBe(1);
});

test("a request asks for 4 MiB, and for more where asking takes long and bytes come fast", () => {
  const { pace, flow } = paced();
  expect(pace.requestBytes).toBe(4 * PIECE_BYTES);
  pace.answered(300);
  flow(12 * SLOW);
  expect(pace.requestBytes).toBeGreaterThan(8 * PIECE_BYTES);
  flow(500 * SLOW);
  expect(pace.requestBytes).toBe(32 * PIECE_BYTES);
});
