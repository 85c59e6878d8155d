import { afterEach, expect, test, vi } from "vitest";
import { findGpu, type GpuMemory } from "./gpu.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const ADAPTER = {
  features: new Set(["timestamp-query", "shader-f16"]),
  limits: { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31, maxBindGroups: 4 },
  info: {
    vendor: "acme",
    architecture: "loom",
    device: "0x1",
    description: "",
    subgroupMinSize: 8,
  },
};

function giveAdapter(requestAdapter: (options: object) => Promise<unknown>, userAgent = "X11") {
  vi.stubGlobal("navigator", { gpu: { requestAdapter }, userAgent });
}

test("a GPU is told by its names, features and the limits that tensors have to fit in", async () => {
  giveAdapter(async () => ADAPTER);
  expect(await findGpu()).toEqual({
    found: true,
    isFallback: false,
    description: "acme loom",
    vendor: "acme",
    architecture: "loom",
    device: "0x1",
    features: ["shader-f16", "timestamp-query"],
    limits: { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 31 },
  });
});

test("an adapter that says nothing of itself has what WebGPU guarantees", async () => {
  giveAdapter(async () => ({}));
  expect(await findGpu()).toMatchObject({
    description: "an unnamed GPU",
    isFallback: false,
    features: [],
    limits: { maxBufferSize: 268_435_456, maxStorageBufferBindingSize: 134_217_728 },
  });
});

test("a fallback adapter is known by what its info says, or the adapter of an older browser", async () => {
  giveAdapter(async () => ({ info: { isFallbackAdapter: true } }));
  expect(await findGpu()).toMatchObject({ isFallback: true });
  giveAdapter(async () => ({ isFallbackAdapter: true, info: {} }));
  expect(await findGpu()).toMatchObject({ isFallback: true });
});

test("the faster GPU of two is asked for, but not where the browser only warns of it", async () => {
  const requestAdapter = vi.fn(async () => ADAPTER);
  giveAdapter(requestAdapter, "Mozilla/5.0 (X11; Linux x86_64)");
  await findGpu();
  giveAdapter(requestAdapter, "Mozilla/5.0 (Windows NT 10.0; Win64; x64)");
  await findGpu();
  expect(requestAdapter.mock.calls).toEqual([[{ powerPreference: "high-performance" }], [{}]]);
});

test("no WebGPU, no adapter, and a refusal are reasons, not errors", async () => {
  vi.stubGlobal("navigator", {});
  expect(await findGpu()).toEqual({ found: false, reason: "this browser has no WebGPU" });
  giveAdapter(async () => null);
  expect(await findGpu()).toEqual({ found: false, reason: "the browser offers no GPU adapter" });
  giveAdapter(() => Promise.reject(new TypeError("switched off")));
  expect(await findGpu()).toEqual({
    found: false,
    reason: "asking for a GPU failed: switched off",
  });
});

test("a browser that never answers is not waited for", async () => {
  vi.useFakeTimers();
  giveAdapter(() => new Promise(() => undefined));
  const asked = findGpu();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await asked).toEqual({
    found: false,
    reason: "asking for a GPU failed: the browser did not answer within 5 s",
  });
});

test("many models ask once; where there was none, and after a while, the next asks again", async () => {
  vi.useFakeTimers();
  const answers: unknown[] = [null, ADAPTER, ADAPTER];
  const requestAdapter = vi.fn(async () => answers.shift());
  giveAdapter(requestAdapter);
  const memory: GpuMemory = {};
  expect((await findGpu(memory)).found).toBe(false);
  const found = await Promise.all([findGpu(memory), findGpu(memory)]);
  expect(found.map((gpu) => gpu.found)).toEqual([true, true]);
  expect(requestAdapter).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(29_999);
  await findGpu(memory);
  expect(requestAdapter).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(1);
  expect((await findGpu(memory)).found).toBe(true);
  expect(requestAdapter).toHaveBeenCalledTimes(3);
});
