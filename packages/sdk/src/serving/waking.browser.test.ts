import { SelvedgeError } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { select } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import { Reporter } from "../telemetry/reporter.ts";
import type { Tensors } from "../tensor.ts";
import { scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { afterStart } from "./after-start.ts";
import { EngineHost, type EngineHostOptions } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import type { StartEvent } from "./engine-start.ts";
import { Ladder } from "./ladder.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";
import { Supervisor } from "./supervisor.ts";
import { wakeHint } from "./wake-hint.ts";
import { IMAGE_KEY, TRAP, type WakingFaults, wakingEngine } from "./waking-engine.fixture.ts";

const WASM = { backend: "wasm", build: "wasm", features: [] } as const;
const REQUEST = { by: "selector", selector: select() } as const;
const { name: NAME } = select();
const TIMINGS = {
  ...{ spawnMs: 0, resolveMs: 0, fetchMs: 0, compileMs: 0, importMs: 0, readMs: 0, createMs: 0 },
  ...{ wakeMs: 0, totalMs: 0 },
};

let said: unknown[][];
let events: StartEvent[];
let restarts: string[];
let failures: string[];
let channel: BroadcastChannel;
let hosts: EngineHost[];
let supervisor: Supervisor | undefined;

beforeEach(() => {
  [said, events, restarts, failures, hosts] = [[], [], [], [], []];
  channel = new BroadcastChannel(crypto.randomUUID());
  channel.onmessage = ({ data }) => said.push(data);
  localStorage.clear();
});

afterEach(() => {
  supervisor?.dispose(new SelvedgeError("disposed", "the test is over"));
  supervisor = undefined;
  for (const host of hosts) host.dispose();
  channel.close();
  localStorage.clear();
});

function poolOf(faults: WakingFaults | (() => WakingFaults) = {}, engines = 2): EnginePool {
  const now = () => (typeof faults === "function" ? faults() : faults);
  return new EnginePool({
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    budget: { budgetBytes: 2 ** 30, engines, recycleAfterRuns: Number.POSITIVE_INFINITY },
    spawn: () => scriptedWorker(wakingEngine(now()), channel),
  });
}

function hostOf(pool: EnginePool, own: Partial<EngineHostOptions> = {}): EngineHost {
  const host = new EngineHost({
    place: WASM,
    pool,
    mayWake: true,
    onDispose: () => undefined,
    onStart: (_, event) => events.push(event),
    onRestart: (_, { code }) => restarts.push(code),
    ...own,
  });
  hosts.push(host);
  return host;
}

/** A model that serves, and answers with its input. */
async function serve(faults: WakingFaults = {}): Promise<EngineHost> {
  const host = hostOf(poolOf(faults));
  const opened = await host.open(REQUEST);
  if (opened === undefined) throw new Error("nothing is stored");
  const ladder = new Ladder({ place: WASM, dtype: "fp32" }, "first");
  supervisor = new Supervisor({
    served: { host, opened, timings: TIMINGS, ladder },
    failover: () => Promise.reject(new Error("it is not asked for")),
    onFailure: (_, { code }) => failures.push(code),
  });
  return host;
}

const x = (value: number): Tensors => ({
  x: { type: "float32", data: Float32Array.of(value), dims: [1] },
});

async function call(value: number, isReplayable = true, timeoutMs?: number): Promise<unknown> {
  try {
    const limits = timeoutMs === undefined ? {} : { timeoutMs };
    const run = await supervisor?.run(x(value), { isReplayable, ...limits });
    return run?.outputs["y"]?.data[0];
  } catch (error) {
    return error instanceof SelvedgeError ? error.code : error;
  }
}

/** What engines were told, in order. */
const told = async (what: string, times: number) => {
  await eventually(() => expect(said.filter(([kind]) => kind === what)).toHaveLength(times));
  return said.filter(([kind]) => kind === what).map(([, ...rest]) => rest[0]);
};

test("without a hint an engine is started as if there were no images", async () => {
  const host = await serve();
  expect(await told("start", 1)).toEqual([{ isPatient: false, isFull: false, isForImage: false }]);
  expect(await told("open", 1)).toEqual(["none"]);
  expect(host.start).toMatchObject({ step: "none", code: "not-known" });
});

test("with a hint its worker waits for what there is to wake, and wakes it", async () => {
  wakeHint.note(NAME, "run");
  const host = await serve();
  expect(await told("start", 1)).toMatchObject([{ isPatient: true }]);
  expect(host.start).toMatchObject({ step: "run", code: "woken", image: { key: IMAGE_KEY } });
  expect(events).toEqual([{ kind: "started", start: host.start }]);
  expect(await call(1)).toBe(1);
});

test("where the image was is remembered, and read by the next engine before it looks anything up", async () => {
  wakeHint.note(NAME, "run");
  await serve();
  await hostOf(poolOf()).open(REQUEST);
  const earlyImage = { key: IMAGE_KEY, place: "indexeddb", bytes: 4096 };
  expect(wakeHint.imageOf(NAME)).toEqual(earlyImage);
  const [first, second] = await told("start", 2);
  expect([first, second]).toMatchObject([{ earlyImage: undefined }, { earlyImage }]);
});

test("and so where it woke in all of the runtime, as what only runs had failed", async () => {
  wakeHint.note(NAME, "run");
  await serve({ traps: ["run"] });
  expect(await call(TRAP)).toBe(TRAP);
  expect(wakeHint.of(NAME)).toBe("full");
  const earlyImage = { key: IMAGE_KEY, place: "indexeddb", bytes: 4096 };
  expect(wakeHint.imageOf(NAME)).toEqual(earlyImage);
  await hostOf(poolOf()).open(REQUEST);
  expect((await told("start", 3)).at(-1)).toMatchObject({ earlyImage });
});

test("an engine that wakes while its image is being written anew gives nobody a hint", async () => {
  wakeHint.note(NAME, "run");
  const opening = serve();
  wakeHint.note(NAME, "none");
  expect((await opening).start.code).toBe("woken");
  expect(wakeHint.of(NAME)).toBe("none");
});

test("a hint that was wrong costs time, is forgotten, and is told", async () => {
  wakeHint.note(NAME, "run");
  const host = await serve({ hasNoImage: true });
  expect(host.start).toMatchObject({ step: "none", code: "no-image", reason: "there is none" });
  expect(wakeHint.of(NAME)).toBe("none");
});

test("nothing is woken for a proof, on a GPU, or where the app does not want it", async () => {
  wakeHint.note(NAME, "run");
  const gpu = { backend: "webgpu", build: "webgpu", features: [] } as const;
  const others = [{ own: "at-once" }, { place: gpu }, { mayWake: false }] as const;
  for (const own of others) await hostOf(poolOf(), own).open(REQUEST);
  expect(await told("open", 3)).toEqual(["none", "none", "none"]);
  expect(hosts.map(({ start }) => start.code)).toEqual(["off", "off", "off"]);
});

describe("a call that a woken engine does not survive", () => {
  beforeEach(() => {
    wakeHint.note(NAME, "run");
  });

  test("is answered once, by the next step, and says nothing against the place", async () => {
    const host = await serve({ traps: ["run"] });
    expect(await Promise.all([call(1), call(TRAP), call(2)])).toEqual([1, TRAP, 2]);
    expect(host.start).toMatchObject({
      step: "full",
      code: "woken",
      trap: { step: "run", dims: { x: [1] } },
    });
    expect([failures, restarts]).toEqual([[], []]);
    expect(events.map(({ kind }) => kind)).toEqual(["started", "trapped", "started"]);
    expect(wakeHint.of(NAME)).toBe("full");
  });

  test("is no reason to wake otherwise the next time where it had answered, and nothing was lacking", async () => {
    const host = await serve({ crashes: ["run"] });
    expect(await Promise.all([call(1), call(TRAP)])).toEqual([1, TRAP]);
    expect(await told("open", 3)).toEqual(["run", "run", "full"]);
    expect(host.start).toMatchObject({ step: "full", code: "woken" });
    expect([failures, wakeHint.of(NAME)]).toEqual([["engine-crashed"], "run"]);
  });

  test("is one where it was the first", async () => {
    await serve({ crashes: ["run"] });
    expect(await call(TRAP)).toBe(TRAP);
    expect(wakeHint.of(NAME)).toBe("full");
  });

  test("goes down to an engine that is loaded, and the image is not woken again", async () => {
    const host = await serve({ traps: ["run", "full"] });
    expect(await call(TRAP)).toBe(TRAP);
    expect(host.start).toMatchObject({ step: "none", code: "failed" });
    expect(await told("start", 3)).toMatchObject([{}, { isFull: true }, { isFull: true }]);
    expect(await told("quarantine", 1)).toEqual([IMAGE_KEY]);
    expect(events.at(-1)).toEqual({ kind: "quarantined", code: "failed" });
    expect([failures, restarts]).toEqual([[], []]);
    expect(wakeHint.of(NAME)).toBe("none");
  });

  test("rejects where its inputs were handed over, and the next is answered", async () => {
    await serve({ traps: ["run"] });
    expect(await Promise.all([call(TRAP, false), call(3)])).toEqual(["engine-crashed", 3]);
  });

  test("is told as it is where a loaded engine does not survive it either", async () => {
    await serve({ traps: ["run", "full", "none"] });
    expect(await call(TRAP)).toBe("engine-crashed");
    expect(failures.length).toBeGreaterThan(0);
    // Another call, that all engines survive, says nothing of the one before.
    expect(await call(1)).toBe(1);
    expect(said.filter(([kind]) => kind === "quarantine")).toEqual([]);
  });

  test("says nothing against the image where its caller had waited for long enough", async () => {
    const host = await serve({ traps: ["run"], hangs: ["full"] });
    expect(await call(TRAP, true, 1_000)).toBe("engine-timeout");
    expect(await call(1)).toBe(1);
    expect(host.start).toMatchObject({ step: "none", code: "failed" });
    expect(said.filter(([kind]) => kind === "quarantine")).toEqual([]);
  });
});

test("an image that does not wake is loaded around, in one opening", async () => {
  wakeHint.note(NAME, "run");
  const host = await serve({ doNotWake: ["run", "full"] });
  expect(await told("open", 3)).toEqual(["run", "full", "none"]);
  expect(host.start).toMatchObject({ step: "none", code: "failed" });
  expect(await call(4)).toBe(4);
  expect(restarts).toEqual([]);
});

describe("the check behind the first answer", () => {
  beforeEach(() => {
    wakeHint.note(NAME, "run");
  });

  test("leaves an engine alone that answers as before it was written down", async () => {
    const host = await serve();
    await host.checkWoken();
    expect(await call(1)).toBe(1);
    expect(await told("start", 1)).toHaveLength(1);
  });

  test("drops an image that is wrong; a loaded engine answers the calls that wait", async () => {
    const host = await serve({ isWrong: true });
    const [, ...answers] = await Promise.all([host.checkWoken(), call(1), call(2)]);
    expect(answers).toEqual([1, 2]);
    expect(host.start).toMatchObject({ step: "none", code: "wrong" });
    expect(host.start.reason).toContain("y[0] is 2");
    expect(await told("quarantine", 1)).toEqual([IMAGE_KEY]);
    expect(events.filter(({ kind }) => kind === "quarantined")).toHaveLength(1);
    expect([failures, restarts, wakeHint.of(NAME)]).toEqual([[], [], "none"]);
  });

  test("asks nothing of an engine that was loaded", async () => {
    wakeHint.note(NAME, "none");
    await (await serve({ isWrong: true })).checkWoken();
    expect(said.filter(([kind]) => kind === "quarantine")).toEqual([]);
  });
});

test("an engine that wakes again is checked again, behind the call that it was opened for", async () => {
  wakeHint.note(NAME, "run");
  let faults: WakingFaults = {};
  const reporter = new Reporter({ telemetry: undefined, service: "test" });
  const pool = poolOf(() => faults);
  const host = hostOf(pool, {
    onStart: (host, event) => afterStart(reporter, host, { event, isIdle: host.isIdle }),
  });
  await host.open(REQUEST);
  pool.workers[0]?.retire("suspended");
  await eventually(() => expect(host.memory).toBeUndefined());
  // Written again meanwhile, by a tab in which it was right.
  faults = { isWrong: true };
  await host.run(x(1), { timeoutMs: 5_000 });
  expect(await told("quarantine", 1)).toEqual([IMAGE_KEY]);
  await eventually(() => expect(host.start).toMatchObject({ step: "none", code: "wrong" }));
  expect((await host.run(x(2), { timeoutMs: 5_000 })).outputs["y"]?.data[0]).toBe(2);
});

test("a woken engine's worker is its own; models that come when there are enough share, and are loaded", async () => {
  for (const name of ["a", "b", "c"]) wakeHint.note(name, "run");
  const pool = poolOf({}, 1);
  for (const name of ["a", "b", "c"])
    await hostOf(pool).open({ by: "selector", selector: select({ name }) });
  expect(hosts.map(({ start }) => start.code)).toEqual(["woken", "shared", "shared"]);
  expect(hosts.map(({ memory }) => memory?.sharedWith)).toEqual([0, 1, 1]);
});

test("engines that were woken count: a page with two of its two workers starts one to share, and no more", async () => {
  for (const name of ["a", "b"]) wakeHint.note(name, "run");
  const pool = poolOf({}, 2);
  for (const name of ["a", "b", "c", "d"])
    await hostOf(pool).open({ by: "selector", selector: select({ name }) });
  expect(hosts.map(({ start }) => start.step)).toEqual(["run", "run", "none", "none"]);
  expect(hosts.map(({ memory }) => memory?.sharedWith)).toEqual([0, 0, 1, 1]);
});

test("a model that a fitted runtime cannot load traps once, and not on the next visit", async () => {
  const faults = { lacksLoading: true };
  await hostOf(poolOf(faults)).open(REQUEST);
  expect(await told("start", 2)).toMatchObject([{ isFull: false }, { isFull: true }]);
  await hostOf(poolOf(faults)).open(REQUEST);
  expect(await told("start", 3)).toMatchObject([{}, {}, { isFull: true }]);
  // No other model pays for it, nor is an image asked for that there is not.
  await hostOf(poolOf()).open({ by: "selector", selector: select({ name: "other" }) });
  expect((await told("start", 4))[3]).toMatchObject({ isPatient: false, isFull: false });
  expect([wakeHint.of(NAME), restarts]).toEqual(["none", []]);
  expect(events.filter(({ kind }) => kind === "trapped")).toEqual([
    { kind: "trapped", trap: { step: "none" } },
  ]);
});

test("an image that was damaged is counted as one that is quarantined", async () => {
  wakeHint.note(NAME, "run");
  const host = await serve({ hasNoImage: true, isDamaged: true });
  expect(host.start).toMatchObject({ step: "none", code: "no-image" });
  expect(host.start).not.toHaveProperty("isDamaged");
  expect(events[0]).toEqual({ kind: "quarantined", code: "damaged" });
});

test("an engine that crashes between calls wakes again in what it woke in, and that is told", async () => {
  wakeHint.note(NAME, "run");
  const pool = poolOf();
  const host = hostOf(pool);
  await host.open(REQUEST);
  await host.run(x(1), { timeoutMs: 5_000 });
  pool.workers[0]?.end(new SelvedgeError("engine-crashed", "boom"));
  await host.run(x(2), { timeoutMs: 5_000 });
  expect(await told("open", 2)).toEqual(["run", "run"]);
  expect(host.start).toMatchObject({ step: "run", code: "woken" });
  expect([restarts, wakeHint.of(NAME)]).toEqual([["engine-crashed"], "run"]);
});

test("an engine that was ended to give memory back wakes again with its next call", async () => {
  wakeHint.note(NAME, "run");
  const pool = poolOf();
  const host = hostOf(pool);
  await host.open(REQUEST);
  pool.workers[0]?.retire("suspended");
  await eventually(() => expect(host.memory).toBeUndefined());
  await host.run(x(1), { timeoutMs: 5_000 });
  expect(await told("open", 2)).toEqual(["run", "run"]);
  expect(host.start.code).toBe("woken");
});
