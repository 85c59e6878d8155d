// One file, though long: everything that can become of a call, over one set of engines.
import { SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { Tensors } from "../tensor.ts";
import type { Place } from "../worker/engine-api.ts";
import {
  ENGINE_METHODS,
  type EngineFaults,
  faultyEngine,
  scriptedWorker,
} from "../worker/scripted-worker.fixture.ts";
import { Descent } from "./descent.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import { Ladder, type Rung } from "./ladder.ts";
import type { CallTerms } from "./pending-call.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";
import type { Served } from "./served.ts";
import { Supervisor } from "./supervisor.ts";

const WASM: Place = { backend: "wasm", build: "wasm", features: [] };
const GPU: Place = { backend: "webgpu", build: "webgpu", features: [] };
const BUDGET = { budgetBytes: 2 ** 30, recycleAfterRuns: Number.POSITIVE_INFINITY };
const TIMINGS = {
  spawnMs: 0,
  resolveMs: 0,
  fetchMs: 0,
  compileMs: 0,
  importMs: 0,
  readMs: 0,
  createMs: 0,
  wakeMs: 0,
  totalMs: 0,
};

/** What the engines do, in the order in which they are started; the last stands for all after it. */
let engines: EngineFaults[];
let started: Worker[];
/** Which engine ran which call. */
let ran: [engine: number, value: number][];
let failures: string[];
let doubted: string[];
let isOffline: boolean;
let opened: Place[];
let now: number;
let channel: BroadcastChannel;
let supervisor: Supervisor;

beforeEach(() => {
  [engines, started, ran, failures, doubted, opened, now] = [[{}], [], [], [], [], [], 0];
  isOffline = false;
  channel = new BroadcastChannel(crypto.randomUUID());
  channel.onmessage = ({ data }) => ran.push(data);
});

afterEach(() => {
  vi.useRealTimers();
  supervisor.dispose(disposed());
  channel.close();
});

const disposed = () => new SelvedgeError("disposed", "the test is over");

const pool = (workers?: number) =>
  new EnginePool({
    ...(workers === undefined ? {} : { budget: { ...BUDGET, engines: workers } }),
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    spawn() {
      const faults = engines[Math.min(started.length, engines.length - 1)] ?? {};
      const worker = scriptedWorker(ENGINE_METHODS + faultyEngine(started.length, faults), channel);
      started.push(worker);
      return worker;
    },
  });

async function open(place: Place, from = pool()): Promise<Pick<Served, "host" | "opened">> {
  opened.push(place);
  const host = new EngineHost({ place, pool: from, onDispose: () => undefined });
  const request = { by: "selector", selector: select() } as const;
  try {
    const opened = await host.open(request);
    if (opened === undefined) throw new Error("nothing is stored");
    return { host, opened };
  } catch (error) {
    host.dispose();
    throw error;
  }
}

const rung = (place: Place): Rung => ({ place, dtype: "fp32" });

/** A model that serves in one place, and might in others. */
async function serve(place: Place, ...standby: Place[]): Promise<Served> {
  const ladder = new Ladder(rung(place), "first");
  for (const other of standby) ladder.note(rung(other), { state: "standby", reason: "right" });
  return supervise({ ...(await open(place)), timings: TIMINGS, ladder });
}

function supervise(served: Served): Served {
  supervisor = new Supervisor({
    served,
    failover: async () => {
      if (isOffline) throw new Error("the chunk is not there");
      return {
        descend: (origin) =>
          new Descent(origin, async ({ place }, _served, signal) => {
            const beside = await open(place);
            signal.throwIfAborted();
            return { ...beside, finding: "right" };
          }),
        doubt: async ({ place }) => {
          doubted.push(place.backend);
        },
      };
    },
    onFailure: ({ place }, { code }) => failures.push(`${place.backend}: ${code}`),
    now: () => now,
  });
  return served;
}

const x = (value: number): Tensors => ({
  x: { type: "float32", data: Float32Array.of(value), dims: [1] },
});

/** Answers with the value that was sent, or with the code or name of the error. */
async function call(value: number, terms: Partial<CallTerms> = {}): Promise<unknown> {
  try {
    const { outputs } = await supervisor.run(x(value), { isReplayable: true, ...terms });
    return outputs["y"]?.data[0];
  } catch (error) {
    if (error instanceof SelvedgeError) return error.code;
    return error instanceof Error ? error.name : error;
  }
}

const calls = (...values: number[]) => Promise.all(values.map((value) => call(value)));

/** Waits until an engine has been given a call; timers may stand still. */
async function untilRun(engine: number, value: number): Promise<void> {
  while (!ran.some(([by, what]) => by === engine && what === value))
    await new Promise((resolve) => channel.addEventListener("message", resolve, { once: true }));
}

/** What engines tell of their calls comes by another way than their answers. */
const sawRun = (check: () => void) => eventually(check);

const range = (length: number) => Array.from({ length }, (_, index) => index + 1);
const states = () =>
  supervisor.served.ladder.candidates.map(({ backend, state }) => `${backend} ${state}`);

describe("an engine that breaks", () => {
  test("under 100 calls leaves none unanswered: each is answered rightly, once, in order", async () => {
    engines = [{ crash: [37] }, {}];
    await serve(WASM);
    const order: number[] = [];
    const answers = range(100).map(async (value) => {
      const answer = await call(value);
      order.push(value);
      return answer;
    });
    expect(await Promise.all(answers)).toEqual(range(100));
    expect(order).toEqual(range(100));
    expect(started).toHaveLength(2);
    await sawRun(() => expect(ran).toHaveLength(101));
    expect(ran.filter(([, value]) => value === 37)).toEqual([
      [0, 37],
      [1, 37],
    ]);
    expect(failures).toEqual(["wasm: engine-crashed"]);
  });

  test.each(["engine-crashed", "device-lost", "out-of-memory", "engine-timeout"] as const)(
    "by %s, as it tells itself, is replaced too",
    async (code) => {
      engines = [{ fail: { 2: code } }, {}];
      await serve(WASM);
      expect(await calls(1, 2, 3)).toEqual([1, 2, 3]);
      expect(started).toHaveLength(2);
    },
  );

  test("by answering with what no engine says is replaced too", async () => {
    engines = [{ garble: [2] }, {}];
    await serve(WASM);
    expect(await calls(1, 2, 3)).toEqual([1, 2, 3]);
  });

  test("while it is opened again is replaced, and the call is not to blame", async () => {
    engines = [{ crash: [2] }, { doesNotOpen: "engine-crashed" }, {}];
    await serve(WASM, GPU);
    expect(await calls(1, 2, 3)).toEqual([1, 2, 3]);
  });

  test("between two calls is not noticed", async () => {
    await serve(WASM);
    expect(await call(1)).toBe(1);
    started[0]?.dispatchEvent(new ErrorEvent("error", { message: "boom" }));
    expect(await call(2)).toBe(2);
    expect(failures).toEqual([]);
  });

  test("and hangs past what its runs have taken so far is ended, and its call answered", async () => {
    engines = [{ hang: [2] }, {}];
    await serve(WASM);
    expect(await call(1)).toBe(1);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const answers = calls(2, 3);
    await untilRun(0, 2);
    vi.advanceTimersByTime(4_900);
    expect(failures).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(await answers).toEqual([2, 3]);
    expect(failures).toEqual(["wasm: engine-timeout"]);
  });

  test("or is ended for what another model in its worker lacks is replaced", async () => {
    engines = [{ hang: [2] }, {}];
    const shared = pool(1);
    const ladder = new Ladder(rung(WASM), "first");
    supervise({ ...(await open(WASM, shared)), timings: TIMINGS, ladder });
    const { host } = await open(WASM, shared);
    const answer = call(2);
    await untilRun(0, 2);
    host.restart(new SelvedgeError("session-failed", "it does not open"));
    expect(await answer).toBe(2);
    expect(failures).toEqual(["wasm: engine-crashed"]);
    host.dispose();
  });

  test("of another model fails nothing of one that waits to be opened in the same worker", async () => {
    engines = [{}, { hang: [9] }, {}];
    const shared = pool(1);
    const ladder = new Ladder(rung(WASM), "first");
    supervise({ ...(await open(WASM, shared)), timings: TIMINGS, ladder });
    const { host } = await open(WASM, shared);
    shared.workers[0]?.retire("suspended");
    await eventually(() => expect(host.memory).toBeUndefined());
    const other = host.ask((engine, session) => engine.run(session, x(9)), { timeoutMs: 300 });
    other.catch(() => undefined);
    await untilRun(1, 9);
    const answer = call(2);
    await expect(other).rejects.toMatchObject({ code: "engine-timeout" });
    expect(await answer).toBe(2);
    expect(failures).toEqual([]);
    host.dispose();
  });

  test("of another model in the same worker fails nothing here", async () => {
    engines = [{ hang: [1], crash: [9] }, {}];
    const served = await serve(WASM);
    const { host } = served;
    // The other model's call is in the worker, and this one's stands in line behind it.
    const other = host.ask((engine, session) => engine.run(session, x(9)), { timeoutMs: 5_000 });
    const answer = call(5);
    await expect(other).rejects.toMatchObject({ code: "engine-crashed" });
    expect(await answer).toBe(5);
    expect(failures).toEqual([]);
  });
});

test("what the runtime merely refuses fails its call, and no engine is replaced", async () => {
  engines = [{ fail: { 2: "run-failed" } }];
  await serve(WASM, GPU);
  expect(await calls(1, 2, 3)).toEqual([1, "run-failed", 3]);
  expect(started).toHaveLength(1);
});

describe("where the same candidate fails twice", () => {
  test("the next one answers, and the ladder says so", async () => {
    engines = [{ fail: { 2: "device-lost" } }, { fail: { 2: "device-lost" } }, {}];
    await serve(GPU, WASM);
    expect(await calls(1, 2, 3)).toEqual([1, 2, 3]);
    expect(opened).toEqual([GPU, WASM]);
    expect(states()).toEqual(["webgpu rejected", "wasm serving"]);
    expect(supervisor.served.ladder.candidates[0]?.reason).toContain("device-lost");
    expect(supervisor.served.host.backend).toBe("wasm");
    expect(failures).toEqual(["webgpu: device-lost", "webgpu: device-lost"]);
    expect(doubted).toEqual(["webgpu"]);
  });

  test("a candidate that no longer gives its golden answers is not tried a second time", async () => {
    engines = [{ fail: { 2: "device-lost" } }, { isWrong: true }, {}];
    await serve(GPU, WASM);
    expect(await calls(1, 2, 3)).toEqual([1, 2, 3]);
    expect(failures).toEqual(["webgpu: device-lost", "webgpu: no-candidate"]);
    expect(states()).toEqual(["webgpu rejected", "wasm serving"]);
  });

  test("or four times in all, recovering each time, the next one takes over", async () => {
    engines = [{ crash: [1] }, { crash: [2] }, { crash: [3] }, { crash: [4] }, {}];
    await serve(GPU, WASM);
    for (const value of range(5)) expect(await call(value)).toBe(value);
    expect(opened).toEqual([GPU, WASM]);
  });

  test("and no other opens, the call fails clearly, all is as before, and a later call is answered", async () => {
    const broken: EngineFaults = { fail: { 2: "out-of-memory" } };
    engines = [broken, broken, { doesNotOpen: "session-failed" }, {}];
    await serve(GPU, WASM);
    expect(await calls(1, 2, 3)).toEqual([1, "out-of-memory", 3]);
    expect(states()).toEqual(["webgpu serving", "wasm standby"]);
    expect(await call(4)).toBe(4);
    expect(doubted).toEqual([]);
  });
});

test("a page that lacks the way down, as it is offline, fails the call, and answers the others", async () => {
  isOffline = true;
  engines = [{ crash: [2] }];
  await serve(GPU, WASM);
  expect(await calls(1, 2, 3)).toEqual([1, "engine-crashed", 3]);
});

test("a call that no engine survives is blamed, and the others are answered where they were before", async () => {
  engines = [{ crash: [2] }];
  await serve(GPU, WASM);
  const poison = supervisor.run(x(2), { isReplayable: true });
  const others = calls(1, 3);
  await expect(poison).rejects.toMatchObject({
    code: "engine-crashed",
    message: expect.stringContaining("given to 4 engines"),
  });
  expect(await others).toEqual([1, 3]);
  expect(states()).toEqual(["webgpu serving", "wasm standby"]);
});

test("engines that fail again and again are paused; after that a call may try again", async () => {
  engines = [...Array<EngineFaults>(6).fill({ crash: [1, 2, 3, 4, 5] }), {}];
  await serve(WASM);
  const failed = "engine-crashed";
  expect(await calls(1, 2, 3, 4, 5)).toEqual([failed, failed, failed, failed, failed]);
  expect(started).toHaveLength(6);
  expect(await call(6)).toBe(failed);
  expect(started).toHaveLength(6);
  now += 1_001;
  expect(await call(7)).toBe(7);
});

test("engines of which every call outlasts its caller are paused, too", async () => {
  engines = [{ hang: [2] }];
  await serve(WASM);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  for (let engine = 0; engine < 6; engine++) {
    const late = call(2, { timeoutMs: 1_500 });
    await untilRun(engine, 2);
    vi.advanceTimersByTime(1_600);
    expect(await late).toBe("engine-timeout");
  }
  expect(await call(2, { timeoutMs: 1_500 })).toBe("engine-crashed");
  expect(started).toHaveLength(6);
});

test("what takes over from engines that are paused, proven, answers at once", async () => {
  engines = [...Array<EngineFaults>(6).fill({ crash: [1, 2, 3, 4, 5] }), {}];
  const served = await serve(WASM);
  await calls(1, 2, 3, 4, 5);
  expect(await call(6)).toBe("engine-crashed");
  supervisor.moveTo({ ...served, ...(await open(GPU)) });
  expect(await call(7)).toBe(7);
});

test("a call whose inputs were handed over is not run again, and says so", async () => {
  engines = [{ crash: [2] }, {}];
  await serve(WASM);
  const inputs = x(2);
  const handedOver = supervisor.run(inputs, { isReplayable: false });
  const behind = call(3, { isReplayable: false });
  await expect(handedOver).rejects.toMatchObject({
    code: "engine-crashed",
    message: expect.stringContaining("transfer: true"),
  });
  expect(inputs["x"]?.data).toHaveLength(0);
  expect(await behind).toBe(3);
});

describe("a caller's own deadline", () => {
  test("rejects its call, ends the engine, and leaves the others to a fresh one", async () => {
    engines = [{ hang: [2] }, {}];
    await serve(WASM);
    const late = call(2, { timeoutMs: 50 });
    expect(await Promise.all([call(1), late, call(3)])).toEqual([1, "engine-timeout", 3]);
    await sawRun(() => expect(ran.at(-1)).toEqual([1, 3]));
    expect(ran.filter(([, value]) => value === 2)).toHaveLength(1);
  });

  test("holds over every engine that is given the call", async () => {
    engines = [{ crash: [2] }, { hang: [2] }, {}];
    await serve(WASM);
    expect(await Promise.all([call(2, { timeoutMs: 400 }), call(3)])).toEqual([
      "engine-timeout",
      3,
    ]);
  });

  test("that is too short for any engine says nothing about the candidate", async () => {
    engines = [{ hang: [2] }];
    await serve(GPU, WASM);
    for (const _ of range(3)) expect(await call(2, { timeoutMs: 20 })).toBe("engine-timeout");
    expect([failures, opened]).toEqual([[], [GPU]]);
  });
});

describe("an abort", () => {
  test("of a call that is being given to another engine rejects at once, and the next is answered", async () => {
    engines = [{ crash: [2] }, { hang: [2] }, {}];
    await serve(WASM);
    const controller = new AbortController();
    const aborted = call(2, { signal: controller.signal });
    const behind = call(3);
    await untilRun(1, 2);
    controller.abort();
    expect(await aborted).toBe("AbortError");
    started[1]?.dispatchEvent(new ErrorEvent("error", { message: "the hang is over" }));
    expect(await behind).toBe(3);
    await sawRun(() => expect(ran.map(([, value]) => value)).toEqual([2, 2, 3]));
  });

  test("of a call that waits is never run", async () => {
    engines = [{ crash: [1] }, {}];
    await serve(WASM);
    const controller = new AbortController();
    const ends = Promise.all([call(1), call(2, { signal: controller.signal }), call(3)]);
    controller.abort();
    expect(await ends).toEqual([1, "AbortError", 3]);
    await sawRun(() => expect(ran.map(([, value]) => value)).toEqual([1, 1, 3]));
  });
});

test("disposing while calls are given to another engine settles them all, and starts nothing more", async () => {
  engines = [{ crash: [2] }, { hang: [2] }];
  await serve(WASM);
  const ends = calls(2, 3);
  await untilRun(1, 2);
  supervisor.dispose(disposed());
  expect(await ends).toEqual(["disposed", "disposed"]);
  expect(started).toHaveLength(2);
});

describe("another engine that takes over", () => {
  test("answers what the former one fails at, without being blamed for it", async () => {
    engines = [{ hang: [2] }, {}];
    const served = await serve(WASM);
    const answers = calls(2, 3);
    await untilRun(0, 2);
    supervisor.moveTo({ ...served, ...(await open(GPU)) });
    started[0]?.dispatchEvent(new ErrorEvent("error", { message: "boom" }));
    expect(await answers).toEqual([2, 3]);
    expect(failures).toEqual([]);
    const each = [
      [0, 2],
      [1, 2],
      [1, 3],
    ];
    await sawRun(() => expect(ran).toEqual(each));
  });

  test("while the way down is looked for ends the search", async () => {
    engines = [{ crash: [2] }, { crash: [2] }, { hangsAtOpen: true }, {}];
    const served = await serve(GPU, WASM);
    const answers = calls(2, 3);
    await eventually(() => expect(opened).toEqual([GPU, WASM]));
    supervisor.moveTo({ ...served, ...(await open({ ...GPU, layout: "NCHW" })) });
    started[2]?.dispatchEvent(new ErrorEvent("error", { message: "too late" }));
    expect(await answers).toEqual([2, 3]);
    expect(supervisor.served.host.place.layout).toBe("NCHW");
    await sawRun(() => expect(ran.at(-1)).toEqual([3, 3]));
  });
});

test("a version that is replaced answers what it was asked before it goes", async () => {
  engines = [{ crash: [2] }, {}];
  await serve(WASM);
  const answers = calls(1, 2, 3);
  await supervisor.retire();
  expect(await answers).toEqual([1, 2, 3]);
  expect(await call(4)).toBe("disposed");
});
