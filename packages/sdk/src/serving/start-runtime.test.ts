import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { EngineApi, RuntimeRequest, RuntimeStarted } from "../worker/engine-api.ts";
import type { CallLimits, WorkerLink } from "../worker/worker-link.ts";
import { stubLocalStorage } from "./local-storage.fixture.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";
import { type RuntimeStart, startRuntime } from "./start-runtime.ts";
import { wasmHint } from "./wasm-hint.ts";

const RUN = { file: "ort.run-01.wasm", sha256: "0a".repeat(32) };
const LOAD = { file: "ort.load-02.wasm", sha256: "0b".repeat(32) };

const TIMES = { compileMs: 1, importMs: 1, scriptAt: 1 };

let requests: RuntimeRequest[];
let deadlines: CallLimits<EngineApi>[];

beforeEach(() => {
  [requests, deadlines] = [[], []];
  stubLocalStorage();
});

afterEach(() => vi.unstubAllGlobals());

/** Starts a runtime in a worker that answers with what it ended with. */
async function start(ending: Partial<RuntimeStarted>, how: Partial<RuntimeStart> = {}) {
  const answer = async (request: RuntimeRequest) => {
    requests.push(request);
    return { ...TIMES, ...ending };
  };
  const call = (
    invoke: (remote: Pick<EngineApi, "start">) => unknown,
    limits: CallLimits<EngineApi>,
  ) => {
    deadlines.push(limits);
    return invoke({ start: answer as unknown as EngineApi["start"] });
  };
  const usual = { assets: "/", engine: "onnx", build: "wasm", wake: "none" } as const;
  await startRuntime({ call } as unknown as WorkerLink<EngineApi>, {
    ...{ ...usual, shelf: new RuntimeShelf(), isFull: false, isForImage: false, isFirst: false },
    ...how,
  });
}

test("the next worker begins with the wasm that the one before it ended with", async () => {
  await start({ wasm: "load", fitted: LOAD });
  await start({ wasm: "run", fitted: RUN }, { wake: "run" });
  await start({ wasm: "load", fitted: LOAD });
  await start({ wasm: "run", fitted: RUN }, { wake: "run" });
  expect(requests.map(({ early }) => early)).toEqual([undefined, undefined, LOAD, RUN]);
});

test.each([
  ["what loads", "none", "run"],
  ["what only runs", "run", "load"],
] as const)(
  "of %s it is forgotten where it was not there, and of the other not",
  async (_, wake, other) => {
    wasmHint.note("load", LOAD);
    wasmHint.note("run", RUN);
    await start({ wasm: "full" }, { wake });
    expect(wasmHint.of(wake === "none" ? "load" : "run")).toBeUndefined();
    expect(wasmHint.of(other)).toBeDefined();
  },
);

test.each<[what: string, ending: Partial<RuntimeStarted>]>([
  ["a fitted wasm", { wasm: "load", fitted: LOAD }],
  ["all of the runtime", { wasm: "full" }],
  ["another engine", {}],
])("an origin is new until it has started %s", async (_, ending) => {
  await start(ending);
  await start(ending);
  expect(requests.map(({ isNew }) => isNew)).toEqual([true, undefined]);
});

test("what one worker had is not forgotten for another, which began beside it with the same", async () => {
  await Promise.all([start({ wasm: "load", fitted: LOAD }), start({ wasm: "load" })]);
  expect(requests.map(({ isNew }) => isNew)).toEqual([true, true]);
  expect(wasmHint.of("load")).toEqual(LOAD);
});

test("a pack that another engine runs says nothing of it", async () => {
  wasmHint.note("load", LOAD);
  await start({});
  expect(wasmHint.of("load")).toEqual(LOAD);
});

test("nothing is begun with where all of the runtime is needed, or an engine is to be written down", async () => {
  wasmHint.note("load", LOAD);
  await start({ wasm: "full" }, { isFull: true });
  await start({ wasm: "load", fitted: LOAD }, { isForImage: true });
  expect(requests.map(({ early }) => early)).toEqual([undefined, undefined]);
  expect(wasmHint.of("load")).toEqual(LOAD);
});

test("what needs all of the runtime to be loaded in wakes in what only runs", async () => {
  wasmHint.note("run", RUN);
  await start({ wasm: "run", fitted: RUN }, { isFull: true, wake: "run" });
  expect(requests.map(({ early }) => early)).toEqual([RUN]);
});

test("what waits for its pack may wait for as long as that takes to come", async () => {
  await start({});
  await start({ wasm: "run", fitted: RUN }, { wake: "run" });
  // A slow link is not the place's fault, nor the pack's.
  const reason = expect.objectContaining({ code: "assets-missing" });
  const late = { reason, ask: expect.any(Function) };
  expect(deadlines).toEqual([{ timeoutMs: expect.any(Number), late }, {}]);
});
