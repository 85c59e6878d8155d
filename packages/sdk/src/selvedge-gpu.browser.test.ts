import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "./eventually.fixture.ts";
import { isRunning, KEEPER, ScriptedWorkers, x } from "./scripted-workers.fixture.ts";
import { createSelvedge, type Selvedge } from "./selvedge.ts";
import { collectorDouble, type Received } from "./telemetry/collector.fixture.ts";
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
    selvedge = workers.open({ engine });
    const model = await selvedge.load("tiny");
    expect(model.info.backend).toBe("wasm");
    const before = model.predict(x(1));
    await eventually(() => expect(model.info.backend).toBe("webgpu"));
    expect((await before).outputs["y"]?.data[0]).toBe(1);
    expect((await model.predict(x(2))).outputs["y"]?.data[0]).toBe(2);
    await eventually(() => expect(engines.map(isRunning).slice(0, 2)).toEqual([false, true]));
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
        engine: () => workers.startEngine(engines.length < 2 ? lacking : whole),
        keeper: () => workers.startKeeper(keeper),
      },
    });
    const model = await selvedge.load("tiny", { version: "1.0.0" });
    await eventually(() => expect(model.info.backend).toBe("webgpu"));
    expect(model.info.candidates[1]?.reason).toContain("asked with shader-f16");
    expect(await selvedge.cache.list()).toEqual(["1.0.0,fp32,webgpu,shader-f16"]);
  });

  test("does not take over when they do not, and its engine ends", async () => {
    const wrong = "prove: () => ({ ok: true, value: { holds: false, finding: 'zeros' } }),";
    selvedge = workers.open({ engine: engine + wrong, endpoint: "/v1" });
    const model = await selvedge.load("tiny");
    const turnedDown = () => model.info.candidates.filter(({ state }) => state === "rejected");
    const layouts = expect.arrayContaining(["NHWC", "NCHW"]);
    await eventually(() => expect(turnedDown().map(({ layout }) => layout)).toEqual(layouts));
    for (const { reason } of turnedDown()) expect(reason).toMatch(/zeros|same kernels/);
    await eventually(() => expect(engines.map(isRunning)).toEqual([true, false, false]));
    await selvedge.telemetry.flush();
    expect(failuresTold()).toBe(1);
  });

  test("ends with the model it was for, at once, which is no failed proof", async () => {
    const hanging = "prove: () => new Promise(() => {}),";
    selvedge = workers.open({ engine: engine + hanging, endpoint: "/v1" });
    const model = await selvedge.load("tiny");
    await eventually(() => expect(engines).toHaveLength(2));
    await model.dispose();
    await eventually(() => expect(engines.filter(isRunning)).toEqual([]));
    await selvedge.telemetry.flush();
    expect(failuresTold()).toBe(0);
  });
});
