import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cdp } from "vitest/browser";
import { eventually } from "../eventually.fixture.ts";
import { createSelvedge, type Selvedge } from "../selvedge.ts";
import { ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";

const ROUNDS = 50;

const VARIANTS = [
  {
    ...{ dtype: "fp32", backends: ["wasm", "webgpu"], requires: [], engine: "onnx" },
    ...{ memoryBytes: 1, bytes: 1, largestTensorBytes: 1 },
  },
];

const ENGINE = `${ENGINE_METHODS}
  open() {
    const { value } = ({ ${ENGINE_METHODS} }).open();
    globalThis.isOpen = true;
    return { ok: true, value: { ...value, variants: ${JSON.stringify(VARIANTS)} } };
  },
`;

const KEEPER = `
  start: () => undefined,
  cancel: () => undefined,
  hold: () => ({ ok: true }),
  release: () => ({ ok: true }),
  standing: () => ({ ok: true }),
  findUpdate: () => ({ ok: true }),
  verdicts: () => ({ ok: true, value: [] }),
  judge: () => ({ ok: true }),
`;

let selvedge: Selvedge;
/** Engine workers that have not been ended. */
let engines: Set<Worker>;
/** What was made in each round, as far as the garbage has not taken it. */
let made: WeakRef<object>[];
/** Timers that have neither fired nor been cleared. */
let timers: Set<unknown>;
/** Listeners of what outlives a model: the document, the window, the keeper. */
let listeners: Map<EventTarget, number>;

beforeEach(() => {
  [engines, made, timers, listeners] = [new Set(), [], new Set(), new Map()];
  vi.stubGlobal("navigator", {
    gpu: { requestAdapter: async () => ({ info: { vendor: "acme" } }) },
    userAgent: "test",
  });
  selvedge = createSelvedge({
    registry: "/models",
    workers: { engine: spawn, keeper: () => watched(scriptedWorker(KEEPER)) },
  });
  for (const target of [document, globalThis as EventTarget]) watched(target);
  watchTimers();
});

afterEach(async () => {
  await selvedge.close();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function spawn(): Worker {
  const worker = scriptedWorker(ENGINE);
  engines.add(worker);
  const terminate = worker.terminate.bind(worker);
  worker.terminate = () => {
    engines.delete(worker);
    terminate();
  };
  return worker;
}

/** Counts what listens to it. */
function watched<T extends EventTarget>(target: T): T {
  const count = (change: number) => listeners.set(target, (listeners.get(target) ?? 0) + change);
  const { addEventListener: add, removeEventListener: remove } = target;
  target.addEventListener = (...how: Parameters<typeof add>) => {
    count(1);
    add.apply(target, how);
  };
  target.removeEventListener = (...how: Parameters<typeof remove>) => {
    count(-1);
    remove.apply(target, how);
  };
  return target;
}

function watchTimers(): void {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  vi.stubGlobal("setTimeout", (run: () => void, ms?: number) => {
    const timer = set(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
    return timer;
  });
  vi.stubGlobal("clearTimeout", (timer: number) => {
    timers.delete(timer);
    clear(timer);
  });
}

const x = { x: { type: "float32", data: Float32Array.of(1), dims: [1] } } as const;

/** Some on WASM alone, some that a GPU is about to take over when they go. */
async function round(number: number): Promise<void> {
  const model = await selvedge.load("tiny", { backend: number % 2 === 0 ? "auto" : "wasm" });
  await Promise.all([model.predict(x), model.predict(x)]);
  if (number % 4 === 0) await eventually(() => expect(model.info.backend).toBe("webgpu"));
  made.push(new WeakRef(model));
  await model.dispose();
}

/** Chromium's own way to collect the garbage; its type comes with a package that nothing else needs. */
function devtools(): { send(method: string): Promise<unknown> } {
  return cdp() as unknown as { send(method: string): Promise<unknown> };
}

const alive = () => made.filter((each) => each.deref() !== undefined).length;

test(`${ROUNDS} rounds of loading, asking and disposing leave no worker, timer, listener or model behind`, async () => {
  for (let number = 0; number < 4; number++) await round(number);
  await eventually(() => expect(engines.size).toBe(0));
  const early = new Map(listeners);
  for (let number = 4; number < ROUNDS; number++) await round(number);
  await eventually(() => expect(engines.size).toBe(0));
  await eventually(() => expect(timers.size).toBeLessThanOrEqual(1));
  expect(listeners).toEqual(early);
  await eventually(async () => {
    await devtools().send("HeapProfiler.collectGarbage");
    expect(alive()).toBeLessThanOrEqual(1);
  });
});
