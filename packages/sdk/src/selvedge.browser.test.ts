import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "./eventually.fixture.ts";
import { isRunning, ScriptedWorkers, x } from "./scripted-workers.fixture.ts";
import { createSelvedge, type Selvedge } from "./selvedge.ts";
import { collectorDouble } from "./telemetry/collector.fixture.ts";
import { CRASH, ENGINE_METHODS, HANG } from "./worker/scripted-worker.fixture.ts";

let workers: ScriptedWorkers;
let engines: readonly Worker[];
let keepers: readonly Worker[];
let selvedge: Selvedge;

beforeEach(() => {
  workers = new ScriptedWorkers();
  ({ engines, keepers } = workers);
  selvedge = workers.open();
});

afterEach(async () => {
  await selvedge.close();
  vi.restoreAllMocks();
});

test("nothing is started before something is asked for", () => {
  expect([engines, keepers]).toEqual([[], []]);
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
    selvedge = workers.open({ engine: `${ENGINE_METHODS} open: () => new Promise(() => {}),` });
    const loading = selvedge.load("tiny");
    await eventually(() => expect(engines).toHaveLength(1));
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
    selvedge = workers.open({ endpoint: "/v1" });
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
