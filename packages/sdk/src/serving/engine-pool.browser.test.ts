import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import { CRASH, ENGINE_METHODS, scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { EngineHost, type EngineHostOptions } from "./engine-host.ts";
import { REST_MS } from "./engine-load.ts";
import { EnginePool } from "./engine-pool.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

const MIB = 2 ** 20;

/** What each model is estimated at, and takes; an input of more than that grows the worker to it. */
const MODEL_MIB = 100;

/** An engine worker that tells what it holds, and runs only sessions that are open in it. */
const WEIGHED = `
  ${ENGINE_METHODS}
  sessions: new Set(),
  mib: 0,
  bytes() { return this.mib * ${MIB}; },
  open(session) {
    this.sessions.add(session);
    this.mib = Math.max(this.mib, this.sessions.size * ${MODEL_MIB});
    const { value } = ({ ${ENGINE_METHODS} }).open();
    const variants = [{ dtype: "fp32", engine: "onnx", backends: ["wasm", "webgpu"], memoryBytes: ${MODEL_MIB * MIB}, bytes: 7 }];
    return { ok: true, value: { ...value, variants, engineBytes: this.bytes() } };
  },
  close(session) {
    this.sessions.delete(session);
    return { ok: true };
  },
  async run(session, inputs) {
    if (!this.sessions.has(session))
      return { ok: false, error: { name: "SelvedgeError", code: "session-failed", message: "not open" } };
    const [first] = inputs.x.data;
    this.mib = Math.max(this.mib, first);
    const outcome = await ({ ${ENGINE_METHODS} }).run(session, inputs);
    return { ok: true, value: { ...outcome.value, engineBytes: this.bytes() } };
  },
`;

let workers: Worker[];
let hosts: EngineHost[];
let pool: EnginePool;

beforeEach(() => {
  workers = [];
  hosts = [];
  newPool();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
  for (const host of hosts) host.dispose();
});

function newPool(budget: Partial<MemoryBudget> = {}): void {
  pool = new EnginePool({
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    budget: {
      budgetBytes: 1000 * MIB,
      engines: 2,
      recycleAfterRuns: Number.POSITIVE_INFINITY,
      ...budget,
    },
    spawn() {
      const worker = scriptedWorker(WEIGHED);
      vi.spyOn(worker, "terminate");
      workers.push(worker);
      return worker;
    },
  });
}

/** Opens a model; those that are opened together are opened in turn. */
async function open(
  backend: "wasm" | "webgpu" = "wasm",
  own: Partial<EngineHostOptions> = {},
): Promise<EngineHost> {
  const place = { backend, build: backend, features: [] };
  const host = new EngineHost({ place, pool, onDispose: () => undefined, ...own });
  hosts.push(host);
  await host.open({ by: "selector", selector: select() });
  return host;
}

async function run(host: EngineHost, value: number): Promise<unknown> {
  const x = { type: "float32", data: Float32Array.of(value), dims: [1] } as const;
  const { outputs } = await host.run({ x }, { timeoutMs: 5000 });
  return outputs["y"]?.data[0];
}

const isRunning = (worker: Worker | undefined) =>
  worker !== undefined && vi.mocked(worker.terminate).mock.calls.length === 0;
const running = () => workers.map(isRunning);

/** Lets everything rest, and the pool act on it. */
function rest(): void {
  vi.advanceTimersByTime(2 * REST_MS);
}

describe("workers", () => {
  test("are one for each model, up to as many as allowed; after that models share them", async () => {
    for (let i = 0; i < 5; i++) await open();
    expect(workers).toHaveLength(2);
    expect(await Promise.all(hosts.map((host, i) => run(host, i)))).toEqual([0, 1, 2, 3, 4]);
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([3, 2]);
  });

  test("that were asked for alone are nobody else's until they are shared", async () => {
    const proof = await open("wasm", { own: "in-turn" });
    await open();
    await open();
    await open();
    expect(workers).toHaveLength(3);
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([1, 2, 1]);
    proof.share();
    await open();
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([2, 2, 1]);
  });

  test("of their own are had one at a time, in turn, and one that is given up holds up nobody", async () => {
    const first = await open("wasm", { own: "in-turn" });
    const opened: string[] = [];
    const waiting = ["b", "c", "d"].map((name) =>
      open("wasm", { own: "in-turn" }).then(
        () => opened.push(name),
        () => opened.push(`${name} given up`),
      ),
    );
    expect(workers).toHaveLength(1);
    hosts[1]?.dispose();
    await waiting[0];
    first.dispose();
    await waiting[1];
    expect(opened).toEqual(["b given up", "c"]);
    hosts[2]?.share();
    await waiting[2];
    expect(opened).toEqual(["b given up", "c", "d"]);
    expect(running()).toEqual([false, true, true]);
  });

  test("of a GPU have one model each, and do not count", async () => {
    for (let i = 0; i < 3; i++) await open("webgpu");
    await open();
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([1, 1, 1, 1]);
  });

  test("that crash are replaced for every model that was in them", async () => {
    newPool({ engines: 1 });
    const [a, b] = [await open(), await open()];
    const crash = run(a, CRASH);
    await expect(crash).rejects.toMatchObject({ code: "engine-crashed" });
    expect(await Promise.all([run(a, 1), run(b, 2)])).toEqual([1, 2]);
    expect(running()).toEqual([false, true]);
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([2]);
  });
});

describe("disposing", () => {
  test("of the last model in a worker ends it at once", async () => {
    const host = await open();
    host.dispose();
    expect(running()).toEqual([false]);
    expect(pool.bytes).toBe(0);
  });

  test("of one of several closes its session, and the others answer as before", async () => {
    newPool({ engines: 1 });
    const [a, b] = [await open(), await open()];
    a.dispose();
    expect(await run(b, 3)).toBe(3);
    expect(running()).toEqual([true]);
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([1]);
  });

  test("of most of what a worker holds has what is left opened in a smaller one", async () => {
    newPool({ engines: 1 });
    for (let i = 0; i < 3; i++) await open();
    const [a, b, c] = hosts;
    if (c === undefined) throw new Error("three hosts were opened");
    a?.dispose();
    b?.dispose();
    await run(c, 1);
    expect(pool.bytes).toBe(3 * MODEL_MIB * MIB);
    rest();
    await eventually(() => expect(pool.bytes).toBe(MODEL_MIB * MIB));
    expect(await run(c, 2)).toBe(2);
    expect(running()).toEqual([false, true]);
  });
});

describe("over the budget", () => {
  test("the model used longest ago is suspended, and comes back with its next call", async () => {
    newPool({ budgetBytes: 150 * MIB });
    const onRestart = vi.fn();
    const [a, b] = [await open("wasm", { onRestart }), await open()];
    await run(a, 1);
    vi.advanceTimersByTime(1);
    await run(b, 2);
    expect(a.memory).toMatchObject({ engineBytes: MODEL_MIB * MIB, sharedWith: 0 });
    rest();
    expect(running()).toEqual([false, true]);
    expect(a.memory).toBeUndefined();
    expect(await run(a, 3)).toBe(3);
    expect(workers).toHaveLength(3);
    // Nothing failed.
    expect(onRestart).not.toHaveBeenCalled();
    rest();
    expect(running()).toEqual([false, false, true]);
  });

  test("a call in flight is never hit: another model goes, used later though it was", async () => {
    newPool({ budgetBytes: 150 * MIB });
    const [a, b] = [await open(), await open()];
    const slow = run(a, 1);
    rest();
    const answers = Promise.all([slow, run(a, 2), run(a, 3)]);
    rest();
    expect(isRunning(workers[0])).toBe(true);
    expect(await answers).toEqual([1, 2, 3]);
    expect(await run(b, 4)).toBe(4);
  });

  test("calls that are made at the moment of the suspension are answered", async () => {
    newPool({ budgetBytes: 150 * MIB });
    const [a, b] = [await open(), await open()];
    await run(a, 1);
    await run(b, 1);
    vi.advanceTimersByTime(REST_MS - 1);
    const answers = Array.from({ length: 20 }, async (_, i) => {
      for (let k = 0; k < i; k++) await undefined;
      vi.advanceTimersByTime(1);
      return run(i % 2 === 0 ? a : b, i);
    });
    expect(await Promise.all(answers)).toEqual(answers.map((_, i) => i));
  });

  test("a model that is alone runs, and what it holds is told", async () => {
    newPool({ budgetBytes: 10 * MIB });
    const host = await open();
    rest();
    expect(await run(host, 1)).toBe(1);
    expect(running()).toEqual([true]);
    expect(pool.bytes).toBeGreaterThan(pool.budget.budgetBytes);
  });

  test("models that share one worker all go, and only those that are used come back", async () => {
    newPool({ engines: 1, budgetBytes: 250 * MIB });
    for (let i = 0; i < 4; i++) await open();
    rest();
    expect(running()).toEqual([false]);
    expect(await Promise.all(hosts.slice(0, 2).map((host) => run(host, 5)))).toEqual([5, 5]);
    rest();
    expect(pool.workers.map(({ sessions }) => sessions)).toEqual([2]);
    expect(pool.bytes).toBe(2 * MODEL_MIB * MIB);
  });
});

describe("a worker is recycled", () => {
  test("once it has grown to twice what its model took, and opened again ahead of the next call", async () => {
    const host = await open();
    await run(host, 1);
    await run(host, 500);
    expect(host.memory).toMatchObject({ engineBytes: 500 * MIB });
    rest();
    expect(running()).toEqual([false]);
    await eventually(() => expect(host.memory).toMatchObject({ engineBytes: MODEL_MIB * MIB }));
    expect(await run(host, 2)).toBe(2);
    expect(workers).toHaveLength(2);
  });

  test("after as many calls as the app allows", async () => {
    newPool({ recycleAfterRuns: 4 });
    const host = await open();
    for (let i = 0; i < 2; i++) await run(host, i);
    rest();
    expect(running()).toEqual([true]);
    await run(host, 3);
    rest();
    expect(running()).toEqual([false]);
    expect(await run(host, 4)).toBe(4);
    expect(running()).toEqual([false, true]);
  });

  test("far past that even where calls never cease, without one being lost", async () => {
    newPool({ recycleAfterRuns: 4 });
    const host = await open();
    const answers: unknown[] = [];
    for (let i = 0; i < 12; i++) {
      const [one, other] = [run(host, i), run(host, -i - 10)];
      vi.advanceTimersByTime(REST_MS);
      answers.push(await one, await other);
    }
    expect(answers).toEqual(Array.from({ length: 12 }, (_, i) => [i, -i - 10]).flat());
    expect(workers.length).toBeGreaterThan(1);
    expect(running().filter(Boolean)).toHaveLength(1);
  });
});

test("what models take of a worker adds up to what it holds", async () => {
  newPool({ engines: 1 });
  for (let i = 0; i < 3; i++) await open();
  const shares = hosts.map(({ memory }) => memory?.shareBytes ?? 0);
  expect(shares.reduce((sum, bytes) => sum + bytes)).toBe(3 * MODEL_MIB * MIB);
  expect(hosts.map(({ memory }) => memory?.sharedWith)).toEqual([2, 2, 2]);
});
