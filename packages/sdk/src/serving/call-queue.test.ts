import { expect, test } from "vitest";
import { CallQueue } from "./call-queue.ts";

/** A call that ends when it is told to. */
function controlled() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { run: () => ended, end: () => end() };
}

test("calls are made one at a time, in order, also behind one that failed", async () => {
  const queue = new CallQueue(new AbortController().signal);
  const made: string[] = [];
  const first = queue.add(async () => {
    made.push("first");
    throw new Error("it failed");
  });
  const second = queue.add(async () => made.push("second"));
  await expect(first).rejects.toThrow("it failed");
  await second;
  expect(made).toEqual(["first", "second"]);
});

test("a caller who gives up is told at once, and the next call waits all the same", async () => {
  const queue = new CallQueue(new AbortController().signal);
  const giving = new AbortController();
  const { run, end } = controlled();
  const given = queue.add(run, giving.signal);
  let isMade = false;
  const next = queue.add(async () => {
    isMade = true;
  });
  giving.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  expect([isMade, queue.isIdle]).toEqual([false, false]);
  end();
  await next;
  await queue.emptied;
  expect(queue.isIdle).toBe(true);
});

test("with its owner's end every call rejects, those that are made and those that wait", async () => {
  const owner = new AbortController();
  const queue = new CallQueue(owner.signal);
  const { run, end } = controlled();
  const calls = [queue.add(run), queue.add(async () => undefined)];
  owner.abort(new Error("over"));
  for (const call of calls) await expect(call).rejects.toThrow("over");
  await expect(queue.add(async () => undefined)).rejects.toThrow("over");
  end();
});
