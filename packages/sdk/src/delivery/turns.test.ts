import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

function door(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

test("work under one key waits for what came before it, also where that failed", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = door();
  const failing = turns.take("rec", async () => {
    await first.opened;
    order.push("first");
    throw new Error("no network");
  });
  const second = turns.take("rec", async () => {
    order.push("second");
    return 2;
  });
  expect(turns.isBusy("rec")).toBe(true);
  first.open();
  await expect(failing).rejects.toThrow("no network");
  expect(await second).toBe(2);
  expect(order).toEqual(["first", "second"]);
  expect(turns.isBusy("rec")).toBe(false);
});

test("work under another key does not wait", async () => {
  const turns = new Turns();
  const stuck = door();
  const waiting = turns.take("rec", () => stuck.opened);
  expect(await turns.take("det", async () => "done")).toBe("done");
  expect(turns.isBusy("rec")).toBe(true);
  stuck.open();
  await waiting;
});
