import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { LoadOptions } from "../options.ts";
import { createSelvedge, type Selvedge } from "../selvedge.ts";
import type { VariantSummary } from "../worker/engine-api.ts";
import { ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";

/** What happens at a place, by its name; at others all is well. */
type Faults = Readonly<Record<string, "wrong" | "session-failed" | "assets-missing" | "network">>;

const summary = (
  dtype: VariantSummary["dtype"],
  backends: readonly string[],
  requires: readonly string[] = [],
): VariantSummary => ({
  ...{ dtype, backends, requires, engine: "onnx" },
  ...{ memoryBytes: 1, bytes: 1, largestTensorBytes: 1 },
});

const EVERYWHERE = [summary("fp32", ["wasm", "webgpu"])];

let engines: Worker[];
let selvedge: Selvedge;

/** Writes down the places that are opened, in order, where the test can read them. */
let opened: BroadcastChannel;
let places: string[];

function engine(faults: Faults, variants: readonly VariantSummary[]): Worker {
  const worker = scriptedWorker(
    `${ENGINE_METHODS}
    start({ build }) {
      globalThis.build = build;
      const fault = ${JSON.stringify(faults)}[build];
      return fault === undefined ? ({ ${ENGINE_METHODS} }).start({ build }) : api.fail(fault);
    },
    fail: (code) => ({ ok: false, error: { name: "SelvedgeError", code, message: "it is " + code } }),
    open(_session, request, { backend, layout = "" }) {
      const dtype = [request.selector?.dtype ?? request.dtype].map((one) => one === "auto" ? "fp32" : one)[0];
      globalThis.place = (dtype === "fp32" ? [] : [dtype]).concat(globalThis.build, layout).join(" ").trim();
      tell(place);
      globalThis.fault = ${JSON.stringify(faults)}[place];
      if (fault !== undefined && fault !== "wrong") return api.fail(fault);
      const { value } = ({ ${ENGINE_METHODS} }).open();
      return { ok: true, value: { ...value, dtype, variants: ${JSON.stringify(variants)} } };
    },
    prove: () => ({ ok: true, value: { holds: globalThis.fault !== "wrong", finding: "proven at " + place } }),
  `,
    opened,
  );
  vi.spyOn(worker, "terminate");
  engines.push(worker);
  return worker;
}

function open(faults: Faults = {}, variants = EVERYWHERE): void {
  const contents = { digest: "d".repeat(64), name: "tiny", version: "1.0.0", variants };
  selvedge = createSelvedge({
    registry: "/models",
    workers: {
      engine: () => engine(faults, variants),
      keeper: () =>
        scriptedWorker(`
          start: () => { globalThis.judged = []; },
          verdicts: () => ({ ok: true, value: judged }),
          judge: (_call, _key, verdict) => { judged.push(verdict); return { ok: true }; },
          cancel: () => undefined,
          hold: () => ({ ok: true }),
          standing: () => ({ ok: true }),
          findUpdate: () => ({ ok: true }),
          contents: () => ({ ok: true, value: ${JSON.stringify(contents)} }),
          availability: (_call, wanted) => ({ ok: true, value: {
            state: "downloadable", bytes: 7, reasons: [wanted.dtype + " on " + wanted.backend],
          } }),
        `),
    },
  });
}

const isRunning = (worker: Worker) => vi.mocked(worker.terminate).mock.calls.length === 0;

/** Loads, and tells the places that were opened, and what became of each. */
async function load(options: LoadOptions) {
  const model = await selvedge.load("tiny", options);
  const standings = model.info.candidates.map(({ build, layout = "", dtype, state }) =>
    [...(dtype === "fp32" ? [] : [dtype]), build, layout, state].filter(Boolean).join(" "),
  );
  await eventually(() => expect(engines.filter(isRunning)).toHaveLength(1));
  return { model, standings };
}

beforeEach(() => {
  engines = [];
  places = [];
  opened = new BroadcastChannel(crypto.randomUUID());
  opened.onmessage = ({ data }) => places.push(data);
  vi.stubGlobal("navigator", {
    gpu: { requestAdapter: async () => ({ info: { vendor: "acme", isFallbackAdapter: true } }) },
  });
});

afterEach(async () => {
  opened.close();
  await selvedge.close();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a backend that is asked for", () => {
  test("serves on its first place, after its proof, with the others to fall back to", async () => {
    open();
    const { model, standings } = await load({ backend: "webgpu" });
    expect(model.info.candidates[0]?.reason).toBe("asked for; proven at jspi NHWC");
    expect(standings).toEqual([
      "jspi NHWC serving",
      "webgpu NHWC waiting",
      "jspi NCHW waiting",
      "webgpu NCHW waiting",
    ]);
    await expect.poll(() => places).toEqual(["jspi NHWC"]);
  });

  test("that answers wrongly in one layout serves in the other; no other build is tried for that", async () => {
    open({ "jspi NHWC": "wrong" });
    const { standings } = await load({ backend: "webgpu" });
    expect(standings).toEqual([
      "jspi NCHW serving",
      "jspi NHWC rejected",
      "webgpu NHWC rejected",
      "webgpu NCHW waiting",
    ]);
    await expect.poll(() => places).toEqual(["jspi NHWC", "jspi NCHW"]);
  });

  test("is not tried again where it was wrong on this device before", async () => {
    open({ "jspi NHWC": "wrong" });
    const { model } = await load({ backend: "webgpu" });
    await model.dispose();
    const again = await load({ backend: "webgpu" });
    await expect.poll(() => places).toEqual(["jspi NHWC", "jspi NCHW", "jspi NCHW"]);
    expect(again.standings[1]).toBe("jspi NHWC rejected");
    expect(again.model.info.candidates[1]?.reason).toContain("(found out before)");
  });

  test("whose runtime does not start serves in its other build", async () => {
    open({ "jspi NHWC": "session-failed" });
    const { standings } = await load({ backend: "webgpu" });
    expect(standings.slice(0, 2)).toEqual(["webgpu NHWC serving", "jspi NHWC rejected"]);
  });

  test("whose files are not hosted is asked for once, and serves in its other build", async () => {
    open({ jspi: "assets-missing" });
    const { model, standings } = await load({ backend: "webgpu" });
    expect(standings.slice(0, 2)).toEqual(["webgpu NHWC serving", "jspi NHWC rejected"]);
    expect(model.info.candidates[2]).toMatchObject({
      ...{ build: "jspi", layout: "NCHW", state: "rejected" },
      reason: expect.stringContaining("assets-missing"),
    });
  });

  test("is the only one that is used: without a place there, the load fails with every reason", async () => {
    open({ "jspi NHWC": "wrong", "jspi NCHW": "session-failed", "webgpu NCHW": "wrong" });
    await expect(selvedge.load("tiny", { backend: "webgpu" })).rejects.toMatchObject({
      code: "no-candidate",
      message: expect.stringContaining('Load it with backend "auto" or "wasm".'),
      detail: {
        backends: ["webgpu"],
        reasons: [
          expect.stringMatching(/^fp32 on webgpu \(NHWC, jspi build\): .*proven at jspi NHWC/),
          expect.stringMatching(/^fp32 on webgpu \(NHWC, webgpu build\): .*the same kernels/),
          expect.stringMatching(/^fp32 on webgpu \(NCHW, jspi build\): it is session-failed$/),
          expect.stringMatching(/^fp32 on webgpu \(NCHW, webgpu build\): .*proven at webgpu NCHW/),
        ],
      },
    });
    expect(engines.filter(isRunning)).toEqual([]);
  });

  test("of a pack that has nothing for it fails before an engine is asked", async () => {
    open({}, [summary("q8", ["wasm"]), summary("fp16", ["webgpu"], ["shader-f16"])]);
    await expect(selvedge.load("tiny", { backend: "webgpu" })).rejects.toMatchObject({
      code: "no-candidate",
      detail: {
        reasons: [
          "q8 on webgpu: the pack allows q8 on wasm only",
          expect.stringContaining("fp16 requires shader-f16, which this GPU lacks"),
        ],
      },
    });
    await expect.poll(() => places).toEqual([]);
  });

  test("with what cannot be fetched fails with that, as another day it may work", async () => {
    open({ "jspi NHWC": "network" });
    await expect(selvedge.load("tiny", { backend: "webgpu" })).rejects.toMatchObject({
      code: "network",
    });
    await expect.poll(() => places).toEqual(["jspi NHWC"]);
  });
});

describe("a list of backends", () => {
  test("ends on the last where the ones before it fail", async () => {
    const wrong = { "jspi NHWC": "wrong", "jspi NCHW": "wrong" } as const;
    open(wrong);
    const { model, standings } = await load({ backend: ["webgpu", "wasm"] });
    expect(model.info.backend).toBe("wasm");
    expect(standings[0]).toBe("wasm serving");
    expect(standings.slice(1).every((one) => one.endsWith("rejected"))).toBe(true);
  });

  test("that begins with WASM starts there, with WebGPU to fall back to", async () => {
    open();
    const { standings } = await load({ backend: ["wasm", "webgpu"] });
    expect(standings.slice(0, 2)).toEqual(["wasm serving", "jspi NHWC waiting"]);
  });

  test("tries every precision of a backend before the next backend", async () => {
    const faults = { "fp16 jspi NHWC": "wrong", "fp16 jspi NCHW": "wrong" } as const;
    open(faults, [summary("fp16", ["webgpu"]), ...EVERYWHERE]);
    const { standings } = await load({ backend: ["webgpu", "wasm"] });
    expect(standings[0]).toBe("jspi NHWC serving");
    // Where it runs, and, in the precision that is for GPUs alone, where it does not.
    expect(standings.slice(-2)).toEqual(["wasm waiting", "fp16 wasm rejected"]);
  });

  test("goes past a GPU that is not there", async () => {
    vi.stubGlobal("navigator", {});
    open();
    const { model, standings } = await load({ backend: ["webgpu", "wasm"] });
    expect(standings).toEqual(["wasm serving", "jspi rejected"]);
    expect(model.info.candidates[1]?.reason).toBe("this browser has no WebGPU");
  });
});

describe("availability", () => {
  test("is that of the first place there is, with why none comes before it", async () => {
    open({}, [summary("fp16", ["webgpu"], ["shader-f16"]), ...EVERYWHERE]);
    expect(await selvedge.availability("tiny", { backend: ["webgpu", "wasm"] })).toEqual({
      state: "downloadable",
      bytes: 7,
      reasons: [expect.stringContaining("fp16 requires shader-f16"), "auto on webgpu"],
    });
  });

  test("is none where no place is left, and says why", async () => {
    vi.stubGlobal("navigator", {});
    open();
    expect(await selvedge.availability("tiny", { backend: "webgpu" })).toEqual({
      state: "unavailable",
      bytes: 0,
      reasons: ["fp32 on webgpu: this browser has no WebGPU."],
    });
  });
});

test("a model that starts on WASM asks for no GPU on its way", async () => {
  const requestAdapter = vi.fn(async () => null);
  vi.stubGlobal("navigator", { gpu: { requestAdapter } });
  open();
  await selvedge.load("tiny", { backend: ["wasm"] });
  await selvedge.load("tiny", { backend: "wasm" });
  expect(requestAdapter).not.toHaveBeenCalled();
});
