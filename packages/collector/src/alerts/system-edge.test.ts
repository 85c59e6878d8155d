import { expect, test } from "vitest";
import { SYSTEM_EDGE } from "./system-edge.ts";

test("what is called every hour is called at once too, unless it was stopped before", async () => {
  let called = 0;
  const count = () => {
    called += 1;
  };
  const stop = SYSTEM_EDGE.every(3_600_000, count);
  SYSTEM_EDGE.every(3_600_000, count)();
  await expect.poll(() => called).toBe(1);
  stop();
});
