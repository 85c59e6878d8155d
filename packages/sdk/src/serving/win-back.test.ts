import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Model } from "./model.ts";
import { WinBack } from "./win-back.ts";

const MINUTE_MS = 60_000;

let hasGpu: boolean;
let backend: "wasm" | "webgpu";
let digest: string;
let failedAt: number;
let disposal: AbortController;
/** Minutes after the start at which it was tried. */
let tries: number[];
let attempt: () => Promise<boolean>;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible" }));
  vi.stubGlobal("navigator", {
    gpu: { requestAdapter: async () => (hasGpu ? { info: {} } : null) },
  });
  [hasGpu, backend, digest, failedAt] = [true, "wasm", "one", 0];
  disposal = new AbortController();
  tries = [];
  attempt = async () => false;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function winBack(): WinBack {
  const model = {
    get served() {
      return { host: { backend }, opened: { digest } };
    },
    get steadyMs() {
      return performance.now() - failedAt;
    },
    disposal: disposal.signal,
  } as unknown as Model;
  return new WinBack(model, {
    attempt: () => {
      tries.push(Math.floor(performance.now() / MINUTE_MS));
      return attempt();
    },
  });
}

const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * MINUTE_MS);

test("it is tried after a minute of steady answers, and after twice as long each time, up to an hour", async () => {
  void winBack().lost();
  await minutes(280);
  expect(tries).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
});

test("a failure of what answers meanwhile starts the wait anew", async () => {
  void winBack().lost();
  await minutes(0.9);
  failedAt = performance.now();
  await minutes(0.9);
  expect(tries).toEqual([]);
  await minutes(0.2);
  expect(tries).toEqual([1]);
});

test("it is not tried where the browser offers none", async () => {
  hasGpu = false;
  void winBack().lost();
  await minutes(6);
  expect(tries).toEqual([]);
  hasGpu = true;
  await minutes(2);
  expect(tries).toEqual([7]);
});

test("once it is back nothing more is tried, and losing it again is waited out for longer", async () => {
  attempt = async () => {
    backend = "webgpu";
    return false;
  };
  const watch = winBack();
  await Promise.all([watch.lost(), minutes(2)]);
  backend = "wasm";
  failedAt = performance.now();
  void watch.lost();
  await minutes(2.5);
  expect(tries).toEqual([1, 4]);
});

test("a GPU that has stayed for longer than an hour is forgiven", async () => {
  attempt = async () => {
    backend = "webgpu";
    return false;
  };
  const watch = winBack();
  await Promise.all([watch.lost(), minutes(70)]);
  backend = "wasm";
  failedAt = performance.now();
  void watch.lost();
  await minutes(1.5);
  expect(tries).toEqual([1, 71]);
});

test.each([
  ["decided", () => (attempt = async () => true)],
  ["another version's", () => (digest = "two")],
  ["a model's that was disposed of", () => disposal.abort()],
])("what is %s is not tried again", async (_what, end) => {
  const watch = winBack();
  const over = watch.lost();
  end();
  await minutes(10);
  await over;
  expect(tries.length).toBeLessThan(2);
});
