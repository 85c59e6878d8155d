import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "./eventually.fixture.ts";
import { COLD_ENGINE, isRunning, KEEPER, ScriptedWorkers, x } from "./scripted-workers.fixture.ts";
import { createSelvedge, type Selvedge } from "./selvedge.ts";
import type { Progress } from "./worker/keeper-api.ts";
import { ENGINE_METHODS } from "./worker/scripted-worker.fixture.ts";

let workers: ScriptedWorkers;
let engines: readonly Worker[];
let selvedge: Selvedge;

beforeEach(() => {
  workers = new ScriptedWorkers();
  ({ engines } = workers);
  selvedge = workers.open();
});

afterEach(async () => {
  await selvedge.close();
  vi.restoreAllMocks();
});

describe("loading", () => {
  test("what is stored starts, and is ready with its bytes; the keeper is not waited for", async () => {
    const seen: Progress[] = [];
    const model = await selvedge.load("tiny", { onProgress: (progress) => seen.push(progress) });
    expect(model.info).toMatchObject({ name: "tiny", version: "1.0.0", backend: "wasm" });
    expect(seen).toEqual([{ phase: "ready", file: "tiny", loaded: 1234, total: 1234 }]);
  });

  test("what is not stored is installed, then starts with all its bytes", async () => {
    selvedge = workers.open({ engine: COLD_ENGINE });
    const seen: Progress[] = [];
    await selvedge.load("tiny", { onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ phase, loaded }) => [phase, loaded])).toEqual([
      ["start", 1234],
      ["ready", 1234],
    ]);
    expect(engines).toHaveLength(1);
  });

  test("what is damaged is installed, and opened in the same engine", async () => {
    selvedge = workers.open({
      engine: `${ENGINE_METHODS}
        open(_session, request) {
          if (request.by === "digest") return ({ ${ENGINE_METHODS} }).open();
          return { ok: false, error: { name: "SelvedgeError", code: "storage-damaged", message: "" } };
        },
      `,
    });
    expect((await selvedge.load("tiny")).info.version).toBe("1.0.0");
    expect(engines).toHaveLength(1);
  });

  test("a failure ends the engine", async () => {
    selvedge = workers.open({
      engine: `${ENGINE_METHODS}
        open: () => ({ ok: false, error: { name: "SelvedgeError", code: "session-failed", message: "" } }),
      `,
    });
    await expect(selvedge.load("tiny")).rejects.toMatchObject({ code: "session-failed" });
    expect(engines.filter(isRunning)).toEqual([]);
  });

  test("an engine that fails before anybody listens to it is replaced by another", async () => {
    const engine = () => {
      const worker = workers.startEngine(ENGINE_METHODS);
      if (engines.length === 1) {
        worker.terminate();
        queueMicrotask(() => worker.dispatchEvent(new ErrorEvent("error")));
      }
      return worker;
    };
    const keeper = () => workers.startKeeper(KEEPER);
    selvedge = createSelvedge({ registry: "/models", workers: { engine, keeper } });
    const model = await selvedge.load("tiny");
    expect((await model.predict(x(3))).outputs["y"]?.data[0]).toBe(3);
    expect(engines).toHaveLength(2);
  });

  test("an abort ends the engine, and says nothing about progress any more", async () => {
    selvedge = workers.open({
      engine: `${ENGINE_METHODS} open: () => new Promise(() => {}),`,
    });
    const controller = new AbortController();
    const onProgress = vi.fn();
    const loading = selvedge.load("tiny", { signal: controller.signal, onProgress });
    await eventually(() => expect(engines).toHaveLength(1));
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    expect(engines.filter(isRunning)).toEqual([]);
    expect(onProgress).not.toHaveBeenCalled();
  });

  test("what the keeper still reports after an abort is not passed on", async () => {
    selvedge = workers.open({
      engine: COLD_ENGINE,
      keeper: `${KEEPER}
        install: (call, wanted, callback) => {
          callback.addEventListener("message", () => { globalThis.isHeard = true; });
          callback.start();
          globalThis.report = () => callback.postMessage({
            id: "1", type: "APPLY", path: [],
            argumentList: [{ type: "RAW", value: { phase: "fetch", file: "tiny", loaded: 1, total: 2 } }],
          });
          report();
          return new Promise(() => {});
        },
        cancel: () => { isHeard = false; report(); },
        size: () => ({ ok: true, value: globalThis.isHeard ? 1 : 0 }),
      `,
    });
    const controller = new AbortController();
    const seen: string[] = [];
    const loading = selvedge.load("tiny", {
      signal: controller.signal,
      onProgress: ({ phase }) => seen.push(phase),
    });
    await eventually(() => expect(seen).toEqual(["fetch"]));
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    await eventually(async () => expect((await selvedge.cache.estimate()).models).toBe(1));
    expect(seen).toEqual(["fetch"]);
  });

  test("on a GPU that was asked for opens the pack once, and serves after its proof", async () => {
    const adapter = { isFallbackAdapter: true, info: { vendor: "test" } };
    vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => adapter } });
    selvedge = workers.open({
      engine: `${ENGINE_METHODS}
        open() {
          globalThis.opens = (globalThis.opens ?? 0) + 1;
          return ({ ${ENGINE_METHODS} }).open();
        },
        prove: () => ({ ok: true, value: { holds: true, finding: "opened " + opens } }),
      `,
    });
    const model = await selvedge.load("tiny", { backend: "webgpu" });
    vi.unstubAllGlobals();
    expect(model.info.candidates).toEqual([
      {
        backend: "webgpu",
        dtype: "fp32",
        build: "jspi",
        layout: "NHWC",
        state: "serving",
        reason: "asked for; opened 1",
      },
    ]);
  });
});
