import { expect, test } from "vitest";
import { DeviceWatch } from "./watch-device.ts";

function device() {
  let lose: () => void = () => undefined;
  const lost = new Promise<{ message: string }>((resolve) => {
    lose = () => resolve({ message: "the GPU was reset" });
  });
  return { lost, lose: () => lose() };
}

const never = () => new Promise<never>(() => undefined);

test("a run is answered while the device is there", async () => {
  expect(await new DeviceWatch(device()).run(async () => 3)).toBe(3);
});

test("a run that the loss of its device leaves hanging rejects with the loss", async () => {
  const gpu = device();
  const running = new DeviceWatch(gpu).run(never);
  gpu.lose();
  await expect(running).rejects.toThrow("the GPU was reset");
});

test("after the loss nothing is run any more", async () => {
  const gpu = device();
  const watch = new DeviceWatch(gpu);
  gpu.lose();
  await gpu.lost;
  let hasRun = false;
  const run = watch.run(async () => {
    hasRun = true;
  });
  await expect(run).rejects.toThrow("the GPU was reset");
  expect([hasRun, watch.isLost]).toEqual([false, true]);
});

test("a run that fails just before its device is known to be lost is told of the loss", async () => {
  const gpu = device();
  const watch = new DeviceWatch(gpu);
  const running = watch.run(async () => {
    gpu.lose();
    throw new Error("mapAsync failed");
  });
  await expect(running).rejects.toThrow();
  expect(watch.isLost).toBe(true);
});

test("a run that fails on a sound device fails with its own error", async () => {
  const watch = new DeviceWatch(device());
  await expect(watch.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(watch.isLost).toBe(false);
});
