import { expect, test } from "vitest";
import { createTurns } from "./take-turns.ts";

test("runs so many tasks at a time, in their order, and goes on after one that failed", async () => {
  const takeTurns = createTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const outcomes = [0, 1, 2, 3].map((n) =>
    takeTurns(async () => {
      begun.push(n);
      await new Promise<void>((end) => ends.push(end));
      if (n === 1) throw new Error("it failed");
      return n;
    }).catch((error: Error) => error.message),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  expect(await outcomes[1]).toBe("it failed");
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.();
  await outcomes[0];
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const end of ends) end();
  expect(await Promise.all(outcomes)).toEqual([0, "it failed", 2, 3]);
});
