// One file, though long: the handle as a page sees it, over one set of scripted workers.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSelvedge, type Selvedge } from "./selvedge.ts";
import { collectorDouble, type Received } from "./telemetry/collector.fixture.ts";
import type { Progress } from "./worker/keeper-api.ts";
import { CRASH, ENGINE_METHODS, HANG, scriptedWorker } from "./worker/scripted-worker.fixture.ts";

const KEEPER = `
  start: () => undefined,
  cancel: () => undefined,
  install: () => ({ ok: true, value: { digest: "d".repeat(64), version: "1.0.0", dtype: "fp32", storage: { kind: "persistent" }, bytes: 1234, fetchedBytes: 1234, resolveMs: 1, fetchMs: 1 } }),
  standing: () => ({ ok: true }),
  findUpdate: () => ({ ok: true }),
  contents: () => ({ ok: true, value: { digest: "d".repeat(64), name: "tiny", version: "1.0.0", variants: [
    { dtype: "fp32", engine: "onnx", backends: ["webgpu"], requires: [], memoryBytes: 1, bytes: 1, largestTensorBytes: 1 },
  ] } }),
  verdicts: () => ({ ok: true, value: [] }),
  judge: () => ({ ok: true }),
  list: () => ({ ok: true, value: [] }),
`;
/** An engine whose store has nothing until it is opened by digest. */
const COLD_ENGINE = `${ENGINE_METHODS}
  open(_session, request) {
    return request.by === "selector" ? { ok: true } : ({ ${ENGINE_METHODS} }).open();
  },
`;

let engines: Worker[];
let keepers: Worker[];
let selvedge: Selvedge;

function openSelvedge({ engine = ENGINE_METHODS, keeper = KEEPER, endpoint = "" } = {}): Selvedge {
  return createSelvedge({
    registry: "/models",
    ...(endpoint === "" ? {} : { telemetry: { endpoint } }),
    workers: {
      engine: () => tracked(engines, engine),
      keeper: () => tracked(keepers, keeper),
    },
  });
}

function tracked(workers: Worker[], methods: string): Worker {
  const worker = scriptedWorker(methods);
  vi.spyOn(worker, "terminate");
  workers.push(worker);
  return worker;
}

const isRunning = (worker: Worker) => vi.mocked(worker.terminate).mock.calls.length === 0;

beforeEach(() => {
  engines = [];
  keepers = [];
  selvedge = openSelvedge();
});

afterEach(async () => {
  await selvedge.close();
  vi.restoreAllMocks();
});

const x = (...values: number[]) =>
  ({
    x: { type: "float32", data: Float32Array.from(values), dims: [values.length] },
  }) as const;

test("nothing is started before something is asked for", () => {
  expect([engines, keepers]).toEqual([[], []]);
});

describe("loading", () => {
  test("what is stored starts, and is ready with its bytes; the keeper is not waited for", async () => {
    const seen: Progress[] = [];
    const model = await selvedge.load("tiny", { onProgress: (progress) => seen.push(progress) });
    expect(model.info).toMatchObject({ name: "tiny", version: "1.0.0", backend: "wasm" });
    expect(seen).toEqual([{ phase: "ready", file: "tiny", loaded: 1234, total: 1234 }]);
  });

  test("what is not stored is installed, then starts with all its bytes", async () => {
    selvedge = openSelvedge({ engine: COLD_ENGINE });
    const seen: Progress[] = [];
    await selvedge.load("tiny", { onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ phase, loaded }) => [phase, loaded])).toEqual([
      ["start", 1234],
      ["ready", 1234],
    ]);
    expect(engines).toHaveLength(1);
  });

  test("what is damaged is installed, and opened in the same engine", async () => {
    selvedge = openSelvedge({
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
    selvedge = openSelvedge({
      engine: `${ENGINE_METHODS}
        open: () => ({ ok: false, error: { name: "SelvedgeError", code: "session-failed", message: "" } }),
      `,
    });
    await expect(selvedge.load("tiny")).rejects.toMatchObject({ code: "session-failed" });
    expect(engines.filter(isRunning)).toEqual([]);
  });

  test("an engine that fails before anybody listens to it is replaced by another", async () => {
    const engine = () => {
      const worker = tracked(engines, ENGINE_METHODS);
      if (engines.length === 1) {
        worker.terminate();
        queueMicrotask(() => worker.dispatchEvent(new ErrorEvent("error")));
      }
      return worker;
    };
    const keeper = () => tracked(keepers, KEEPER);
    selvedge = createSelvedge({ registry: "/models", workers: { engine, keeper } });
    const model = await selvedge.load("tiny");
    expect((await model.predict(x(3))).outputs["y"]?.data[0]).toBe(3);
    expect(engines).toHaveLength(2);
  });

  test("an abort ends the engine, and says nothing about progress any more", async () => {
    selvedge = openSelvedge({
      engine: `${ENGINE_METHODS} open: () => new Promise(() => {}),`,
    });
    const controller = new AbortController();
    const onProgress = vi.fn();
    const loading = selvedge.load("tiny", { signal: controller.signal, onProgress });
    await vi.waitFor(() => expect(engines).toHaveLength(1));
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    expect(engines.filter(isRunning)).toEqual([]);
    expect(onProgress).not.toHaveBeenCalled();
  });

  test("what the keeper still reports after an abort is not passed on", async () => {
    selvedge = openSelvedge({
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
    await vi.waitFor(() => expect(seen).toEqual(["fetch"]));
    controller.abort();
    await expect(loading).rejects.toMatchObject({ name: "AbortError" });
    await vi.waitFor(async () => expect((await selvedge.cache.estimate()).models).toBe(1));
    expect(seen).toEqual(["fetch"]);
  });

  test("on a GPU that was asked for opens the pack once, and serves after its proof", async () => {
    const adapter = { isFallbackAdapter: true, info: { vendor: "test" } };
    vi.stubGlobal("navigator", { gpu: { requestAdapter: async () => adapter } });
    selvedge = openSelvedge({
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

describe("predicting", () => {
  test("answers with what the engine gave, and with times", async () => {
    const model = await selvedge.load("tiny");
    const { outputs, id, timings } = await model.predict(x(1, 2));
    expect(outputs["y"]?.data).toEqual(Float32Array.of(1, 2));
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(timings.totalMs).toBeGreaterThanOrEqual(timings.queueMs);
  });

  test("takes inputs as they are at the call, whatever is written later", async () => {
    const model = await selvedge.load("tiny");
    const inputs = x(1);
    const predicting = model.predict(inputs);
    inputs.x.data[0] = 9;
    expect((await predicting).outputs["y"]?.data[0]).toBe(1);
    expect(inputs.x.data[0]).toBe(9);
  });

  test("with transfer detaches the buffers at once, also while it waits its turn", async () => {
    const model = await selvedge.load("tiny");
    const [first, second] = [x(1), x(2)];
    const calls = [first, second].map((inputs) => model.predict(inputs, { transfer: true }));
    expect([first.x.data.length, second.x.data.length]).toEqual([0, 0]);
    await expect(model.predict(second, { transfer: true })).rejects.toMatchObject({
      code: "input-shape",
    });
    expect((await Promise.all(calls)).map(({ outputs }) => outputs["y"]?.data[0])).toEqual([1, 2]);
  });

  test.each([0, -5, Number.NaN])("a deadline of %d ms is refused", async (timeoutMs) => {
    const model = await selvedge.load("tiny");
    await expect(model.predict(x(1), { timeoutMs })).rejects.toMatchObject({
      code: "options-invalid",
    });
  });

  test("a crash is the one call's alone", async () => {
    const model = await selvedge.load("tiny");
    const ends = await Promise.allSettled([model.predict(x(CRASH)), model.predict(x(3))]);
    expect(ends).toMatchObject([
      { status: "rejected", reason: { code: "engine-crashed" } },
      { status: "fulfilled" },
    ]);
  });
});

describe("disposing", () => {
  test("ends the engine and settles what was under way; twice is once", async () => {
    const model = await selvedge.load("tiny");
    const hanging = model.predict(x(HANG));
    await Promise.all([model.dispose(), model[Symbol.asyncDispose]()]);
    await expect(hanging).rejects.toMatchObject({ code: "disposed" });
    await expect(model.predict(x(1))).rejects.toMatchObject({
      code: "disposed",
      message: expect.stringContaining("tiny"),
    });
    await expect(model.attachment("labels.txt")).rejects.toMatchObject({ code: "disposed" });
    expect(engines.filter(isRunning)).toEqual([]);
  });
});

describe("a GPU that is being proven behind the first answers", () => {
  const engine = `${ENGINE_METHODS}
    open() {
      const opened = ({ ${ENGINE_METHODS} }).open();
      return { ok: true, value: { ...opened.value, variants: [
        { dtype: "fp32", engine: "onnx", backends: ["wasm", "webgpu"], requires: [], memoryBytes: 1, bytes: 1, largestTensorBytes: 1 },
      ] } };
    },
  `;
  let received: Received[];
  /** How many requests told of a failed proof. */
  const failuresTold = () =>
    received.filter(({ request }) => JSON.stringify(request).includes("prove")).length;

  beforeEach(() => {
    received = collectorDouble();
    const gpu = { requestAdapter: async () => ({ info: { vendor: "test" } }) };
    vi.stubGlobal("navigator", { gpu });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("takes over when its golden answers hold, and the first engine ends", async () => {
    selvedge = openSelvedge({ engine });
    const model = await selvedge.load("tiny");
    expect(model.info.backend).toBe("wasm");
    const before = model.predict(x(1));
    await vi.waitFor(() => expect(model.info.backend).toBe("webgpu"), 5000);
    expect((await before).outputs["y"]?.data[0]).toBe(1);
    expect((await model.predict(x(2))).outputs["y"]?.data[0]).toBe(2);
    await vi.waitFor(() => expect(engines.map(isRunning).slice(0, 2)).toEqual([false, true]));
  });

  test("takes over with a variant of its own, which is fetched behind the first answers", async () => {
    const features = new Set(["shader-f16"]);
    const gpu = { requestAdapter: async () => ({ info: { vendor: "test" }, features }) };
    vi.stubGlobal("navigator", { gpu });
    const lacking = `${engine}
      open(_session, request) {
        if (request.backend !== "webgpu") return ({ ${engine} }).open();
        const message = "a piece is missing";
        return { ok: false, error: { name: "SelvedgeError", code: "storage-damaged", message } };
      },
    `;
    const whole = `${engine}
      open(_session, request) {
        globalThis.asked = request.features.join();
        return ({ ${engine} }).open();
      },
      prove: () => ({ ok: true, value: { holds: true, finding: "asked with " + asked } }),
    `;
    const keeper = `${KEEPER}
      install(call, wanted) {
        globalThis.wanted = [wanted.version, wanted.dtype, wanted.backend, ...wanted.features].join();
        return ({ ${KEEPER} }).install();
      },
      list: () => ({ ok: true, value: [globalThis.wanted] }),
    `;
    selvedge = createSelvedge({
      registry: "/models",
      workers: {
        // The store lacks the variant's graph until the keeper has fetched it, for the third engine.
        engine: () => tracked(engines, engines.length < 2 ? lacking : whole),
        keeper: () => tracked(keepers, keeper),
      },
    });
    const model = await selvedge.load("tiny", { version: "1.0.0" });
    await vi.waitFor(() => expect(model.info.backend).toBe("webgpu"), 5000);
    expect(model.info.candidates[1]?.reason).toContain("asked with shader-f16");
    expect(await selvedge.cache.list()).toEqual(["1.0.0,fp32,webgpu,shader-f16"]);
  });

  test("does not take over when they do not, and its engine ends", async () => {
    const wrong = "prove: () => ({ ok: true, value: { holds: false, finding: 'zeros' } }),";
    selvedge = openSelvedge({ engine: engine + wrong, endpoint: "/v1" });
    const model = await selvedge.load("tiny");
    const turnedDown = () => model.info.candidates.filter(({ state }) => state === "rejected");
    const layouts = expect.arrayContaining(["NHWC", "NCHW"]);
    await vi.waitFor(() => expect(turnedDown().map(({ layout }) => layout)).toEqual(layouts), 5000);
    for (const { reason } of turnedDown()) expect(reason).toMatch(/zeros|same kernels/);
    await vi.waitFor(() => expect(engines.map(isRunning)).toEqual([true, false, false]));
    await selvedge.telemetry.flush();
    expect(failuresTold()).toBe(1);
  });

  test("ends with the model it was for, at once, which is no failed proof", async () => {
    const hanging = "prove: () => new Promise(() => {}),";
    selvedge = openSelvedge({ engine: engine + hanging, endpoint: "/v1" });
    const model = await selvedge.load("tiny");
    await vi.waitFor(() => expect(engines).toHaveLength(2), 5000);
    await model.dispose();
    await vi.waitFor(() => expect(engines.filter(isRunning)).toEqual([]));
    await selvedge.telemetry.flush();
    expect(failuresTold()).toBe(0);
  });
});

describe("closing", () => {
  test("ends every worker, and refuses what comes after without starting any", async () => {
    const models = await Promise.all([selvedge.load("tiny"), selvedge.load("tiny")]);
    await selvedge.cache.list();
    await Promise.all([selvedge.close(), selvedge.close()]);
    const started = engines.length + keepers.length;
    expect([...engines, ...keepers].filter(isRunning)).toEqual([]);
    await expect(models[0].predict(x(1))).rejects.toMatchObject({ code: "disposed" });
    for (const late of [
      selvedge.load("tiny"),
      selvedge.availability("tiny"),
      selvedge.cache.list(),
      selvedge.cache.estimate(),
      selvedge.prediction("p1"),
      selvedge.exportPrediction("p1"),
    ])
      await expect(late).rejects.toMatchObject({ code: "closed" });
    const truth = models[0].feedback("p1", { correct: true });
    await expect(truth).rejects.toMatchObject({ code: "disposed" });
    expect(engines.length + keepers.length).toBe(started);
  });

  test("during a load rejects that with `closed`, and ends its engine", async () => {
    selvedge = openSelvedge({ engine: `${ENGINE_METHODS} open: () => new Promise(() => {}),` });
    const loading = selvedge.load("tiny");
    await vi.waitFor(() => expect(engines).toHaveLength(1));
    await selvedge.close();
    await expect(loading).rejects.toMatchObject({ code: "closed" });
    expect(engines.filter(isRunning)).toEqual([]);
  });

  test("while a load still asks for a GPU leaves no engine behind", async () => {
    let answer: (adapter: object) => void = () => undefined;
    const asked = new Promise<object>((resolve) => {
      answer = resolve;
    });
    vi.stubGlobal("navigator", { gpu: { requestAdapter: () => asked } });
    const loading = selvedge.load("tiny", { backend: "webgpu" });
    await selvedge.close();
    answer({ isFallbackAdapter: false });
    await expect(loading).rejects.toMatchObject({ code: "closed" });
    vi.unstubAllGlobals();
    expect(engines.filter(isRunning)).toEqual([]);
  });

  test("ends though the collector never answers", async () => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => AbortSignal.abort());
    collectorDouble(() => new Promise(() => undefined));
    selvedge = openSelvedge({ endpoint: "/v1" });
    await selvedge.load("tiny");
    await selvedge.close();
    expect([...engines, ...keepers].filter(isRunning)).toEqual([]);
    vi.unstubAllGlobals();
  });
});

test("a keeper that may not be started rejects rather than throws", async () => {
  const refused = createSelvedge({
    registry: "/models",
    workers: { keeper: "https://other.test/keeper.js" },
  });
  await expect(refused.cache.list()).rejects.toMatchObject({ code: "engine-crashed" });
  await refused.close();
});
