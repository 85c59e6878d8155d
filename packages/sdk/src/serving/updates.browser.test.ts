// One file, though long: everything that can become of an update, over one store and one registry.
import type { ErrorCode } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeRegistry, REGISTRY, select } from "../delivery/registry.fixture.ts";
import type { LoadOptions } from "../options.ts";
import { findActive } from "../store/activations.ts";
import type { ActivationRecord, Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant, noise } from "../store/pack.fixture.ts";
import { listPacks } from "../store/packs.ts";
import { Reporter } from "../telemetry/reporter.ts";
import type { Place } from "../worker/engine-api.ts";
import { answerFetches } from "../worker/fetch-by-page.fixture.ts";
import type { KeeperApi } from "../worker/keeper-api.ts";
import { KeeperClient } from "../worker/keeper-client.ts";
import { EngineHost } from "./engine-host.ts";
import { EnginePool } from "./engine-pool.ts";
import { loadModel } from "./load-model.ts";
import type { Pace } from "./load-rooms.ts";
import type { Model } from "./model.ts";
import type { ModelUpdate } from "./model-update.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";
import { type Fault, storedEngine } from "./stored-engine.fixture.ts";

const NEVER = 2 ** 30;

let database: Database;
let registry: FakeRegistry;
let faults: Record<string, Fault>;
let engines: Worker[];
let models: Model[];
let keepers: KeeperClient[];
let stopAnswering: () => void;
let isOffline: boolean;
let failures: string[];

const packOf = (version: string, content: Parameters<typeof buildPack>[0] = {}) =>
  buildPack({
    version,
    tensors: [noise(3000, Number.parseInt(version, 10))],
    attachments: { "labels.txt": new TextEncoder().encode(`labels of ${version}`) },
    ...content,
  });

let first: BuiltPack;
let second: BuiltPack;
let third: BuiltPack;

beforeEach(async () => {
  database = await freshDatabase();
  await findActive(database, select());
  [first, second, third] = await Promise.all([packOf("1.0.0"), packOf("2.0.0"), packOf("3.0.0")]);
  registry = new FakeRegistry([first]);
  [faults, engines, models, keepers, failures] = [{}, [], [], [], []];
  isOffline = false;
  stopAnswering = answerFetches((url, init) =>
    isOffline ? Promise.resolve(new Response("", { status: 503 })) : registry.fetch(url, init),
  );
});

afterEach(async () => {
  for (const model of models) await model.dispose();
  for (const keeper of keepers) keeper.end(new Error("the test is over"));
  stopAnswering();
  vi.restoreAllMocks();
});

/** A page with a keeper of its own. */
function openPage(pace: Partial<Pace> = {}) {
  const spawn = () =>
    new Worker(new URL("../worker/keeper-without-network.fixture.ts", import.meta.url), {
      type: "module",
    });
  const keeper = new KeeperClient(spawn, { registry: REGISTRY });
  keepers.push(keeper);
  const reporter = new Reporter({ telemetry: undefined, service: "test" });
  vi.spyOn(reporter.recorder, "failed").mockImplementation((_subject, operation, code) => {
    failures.push(`${operation}: ${code}`);
  });
  const pool = new EnginePool({
    assets: "https://assets.test/",
    shelf: new RuntimeShelf(),
    spawn() {
      const worker = storedEngine(faults);
      vi.spyOn(worker, "terminate");
      engines.push(worker);
      return worker;
    },
  });
  const rooms = {
    registry: REGISTRY,
    anchors: undefined,
    keeper,
    reporter,
    newHost: (place: Place) => new EngineHost({ place, pool, onDispose: () => undefined }),
    alone: () => pool.alone(),
    onDispose: () => undefined,
    pace: { proveAfterMs: NEVER, checkEveryMs: NEVER, ...pace },
  };
  return {
    pool,
    /** Makes the keeper refuse what is not waited for, as it does where the link says so. */
    refuseInBackground(code: ErrorCode) {
      const refused = { ok: false, error: { name: "SelvedgeError", code, message: code } } as const;
      const real = keeper.call.bind(keeper);
      vi.spyOn(keeper, "call").mockImplementation((invoke, signal) =>
        real((remote, call) => {
          const install = async (...args: Parameters<KeeperApi["install"]>) =>
            args[4]?.purpose === "update" ? refused : remote.install(...args);
          const get = (target: typeof remote, method: string | symbol) =>
            method === "install" ? install : Reflect.get(target, method);
          return invoke(new Proxy(remote, { get }), call);
        }, signal),
      );
    },
    async load(options: LoadOptions = {}) {
      const model = await loadModel(rooms, "tiny", options);
      models.push(model);
      const events: ModelUpdate[] = [];
      const stop = model.on("update", (update) => events.push(update));
      return { model, events, stop, until: (state: string) => untilLast(events, state) };
    },
  };
}

async function untilLast(events: readonly ModelUpdate[], state: string): Promise<ModelUpdate> {
  return await vi.waitFor(() => {
    const last = events.at(-1);
    if (last?.state !== state) throw new Error(`it is ${last?.state}, not ${state}`);
    return last;
  }, 10_000);
}

const states = (events: readonly ModelUpdate[]) => events.map(({ state }) => state);
const answerOf = async (model: Model) => (await model.predict({})).outputs["y"]?.data[0];
const running = () =>
  engines.filter((engine) => vi.mocked(engine.terminate).mock.calls.length === 0).length;
const active = (): Promise<ActivationRecord | undefined> => findActive(database, select());
const choice = ({ digest }: BuiltPack) => ({ digest, dtype: "fp32" });
const refusalOf = ({ digest }: BuiltPack) => ({ digest, runtime: expect.any(String) });

/** Leaves the first version in the store, as a visit before did, and publishes others. */
async function visitedBefore(...published: BuiltPack[]): Promise<void> {
  const { model } = await openPage().load();
  await model.dispose();
  for (const pack of published) registry.publish(pack);
  registry.requests.length = 0;
}

describe("by default", () => {
  test("an update is fetched and proven behind the old version, which goes on until the next load", async () => {
    await visitedBefore(second);
    const { model, events, until } = await openPage().load();
    await until("ready");
    expect(states(events)).toEqual(["found", "ready"]);
    expect(events[0]).toMatchObject({ version: "2.0.0", digest: second.digest });
    expect([model.info.version, await answerOf(model)]).toEqual(["1.0.0", 1]);
    expect(await active()).toEqual({
      current: choice(second),
      isProven: true,
      lastGood: choice(first),
      refused: [],
    });
    await vi.waitFor(() => expect(running()).toBe(1));

    registry.requests.length = 0;
    const later = await openPage().load();
    expect([later.model.info.version, await answerOf(later.model)]).toEqual(["2.0.0", 2]);
    expect(await later.model.checkForUpdate()).toBeUndefined();
    expect(registry.segmentRequests).toEqual([]);
  });

  test("what is ready can be applied at once", async () => {
    await visitedBefore(second);
    const { model, until } = await openPage().load();
    const ready = await until("ready");
    expect(await model.checkForUpdate()).toBe(ready);
    if (ready.state !== "ready") throw new Error("it is not ready");
    expect(await ready.apply?.()).toMatchObject({ state: "applied", version: "2.0.0" });
    expect(await answerOf(model)).toBe(2);
  });

  test("an app that asks for one does not wait for what other models prove meanwhile", async () => {
    await visitedBefore(second);
    const page = openPage({ proveAfterMs: 0 });
    const end = await page.pool.alone();
    const { model } = await page.load();
    await answerOf(model);
    expect(await model.checkForUpdate()).toMatchObject({ state: "ready", version: "2.0.0" });
    end();
  });

  test("an open page asks again", async () => {
    const { until } = await openPage({ proveAfterMs: 0, checkEveryMs: 50 }).load();
    registry.publish(second);
    await until("ready");
    registry.publish(third);
    await vi.waitFor(async () => expect((await active())?.current).toEqual(choice(third)), 10_000);
  });

  test("a version that another tab has brought is ready without being fetched or proven again", async () => {
    await visitedBefore();
    const here = await openPage().load();
    registry.publish(second);
    const there = await openPage().load();
    await there.until("ready");
    const started = engines.length;
    registry.requests.length = 0;
    expect(await here.model.checkForUpdate()).toMatchObject({ state: "ready", version: "2.0.0" });
    expect(registry.segmentRequests).toEqual([]);
    expect(engines).toHaveLength(started);
  });

  test("a pinned version stays, and the channel is not asked", async () => {
    await visitedBefore(second);
    const { model } = await openPage().load({ version: "1.0.0" });
    expect(await model.checkForUpdate()).toBeUndefined();
    expect(model.info.version).toBe("1.0.0");
    expect(registry.requests.filter(({ path }) => path.endsWith("channels.json"))).toEqual([]);
  });
});

describe("in the background", () => {
  const update = "background";

  test("the model moves to the update between two calls, and everything speaks of it", async () => {
    await visitedBefore(second);
    const { model, events, until } = await openPage().load({ update });
    const answers: unknown[] = [];
    let isOver = false;
    const calling = (async () => {
      while (!isOver) answers.push(...(await Promise.all([answerOf(model), answerOf(model)])));
    })();
    await until("applied");
    expect(model.info).toMatchObject({ version: "2.0.0", digest: second.digest, backend: "wasm" });
    expect(model.info.candidates[0]?.reason).toContain("took over from 1.0.0");
    const labels = new TextDecoder().decode(await model.attachment("labels.txt"));
    expect(labels).toBe("labels of 2.0.0");
    isOver = true;
    await calling;
    expect(answers.lastIndexOf(1)).toBeLessThan(
      answers.indexOf(2) === -1 ? Infinity : answers.indexOf(2),
    );
    expect(await answerOf(model)).toBe(2);
    expect(states(events)).toEqual(["found", "applied"]);
    await vi.waitFor(() => expect(running()).toBe(1));
  });

  test("calls that wait when it moves are answered by the old version", async () => {
    await visitedBefore();
    const { model } = await openPage().load({ update });
    registry.publish(second);
    const calls: Promise<unknown>[] = [];
    model.on("update", ({ state }) => {
      if (state === "applied") calls.push(answerOf(model));
    });
    const before = Array.from({ length: 20 }, () => answerOf(model));
    await model.checkForUpdate();
    expect(await Promise.all(before)).toEqual(before.map(() => 1));
    expect(await Promise.all(calls)).toEqual([2]);
  });

  test("an update with another signature waits for the next load, and says why", async () => {
    const signature = {
      inputs: [],
      outputs: [{ name: "z", dtype: "float32", dims: [1] }],
    } as const;
    await visitedBefore(await packOf("2.0.0", { signature }));
    const { model, until } = await openPage().load({ update });
    const ready = await until("ready");
    expect(ready).toMatchObject({ reason: expect.stringContaining("inputs or outputs") });
    expect(ready).not.toHaveProperty("apply");
    expect(model.info.version).toBe("1.0.0");
    expect((await openPage().load()).model.info.version).toBe("2.0.0");
  });

  test("two tabs at once agree", async () => {
    await visitedBefore(second);
    const tabs = await Promise.all([openPage().load({ update }), openPage().load({ update })]);
    for (const { until, model } of tabs) {
      await until("applied");
      expect(await answerOf(model)).toBe(2);
    }
    expect(await active()).toMatchObject({ current: choice(second), lastGood: choice(first) });
  });

  test("a listener that throws harms nobody, and one that has left is not told", async () => {
    const reported = vi.spyOn(globalThis, "reportError").mockImplementation(() => undefined);
    await visitedBefore(second);
    const { model, events, stop } = await openPage().load({ update });
    stop();
    const boom = new Error("boom");
    model.on("update", () => {
      throw boom;
    });
    const seen: string[] = [];
    model.on("update", ({ state }) => seen.push(state));
    await vi.waitFor(() => expect(seen).toContain("applied"), 10_000);
    expect(reported).toHaveBeenCalledWith(boom);
    expect(events).toEqual([]);
  });

  test("disposing while an update is being proven ends every engine, and nothing fails", async () => {
    faults["2.0.0"] = "hangs";
    await visitedBefore(second);
    const { model, events } = await openPage().load({ update });
    await vi.waitFor(() => expect(running()).toBe(2), 10_000);
    await model.dispose();
    await vi.waitFor(() => expect(running()).toBe(0));
    expect(states(events)).toEqual(["found"]);
    expect(failures).toEqual([]);
    expect((await active())?.current).toEqual(choice(first));
  });
});

describe("a tab that goes while an update is being proven", () => {
  beforeEach(async () => {
    faults["2.0.0"] = "hangs";
    await visitedBefore(second);
    const { model } = await openPage().load();
    await vi.waitFor(() => expect(running()).toBe(2), 10_000);
    await model.dispose();
    delete faults["2.0.0"];
    expect(await active()).toMatchObject({ current: choice(first), next: choice(second) });
    registry.requests.length = 0;
  });

  test("leaves the old version, and the next visit proves the new one without fetching it", async () => {
    const { model, until } = await openPage().load();
    expect(await answerOf(model)).toBe(1);
    await until("ready");
    expect(registry.segmentRequests).toEqual([]);
    expect((await active())?.current).toEqual(choice(second));
  });

  test("leaves nothing behind where the registry has thought better of it", async () => {
    registry.publish(first);
    const { model, events } = await openPage().load();
    expect(await model.checkForUpdate()).toBeUndefined();
    expect(events).toEqual([]);
    expect(await active()).toEqual({ current: choice(first), isProven: false, refused: [] });
    expect((await listPacks(database)).map(({ version }) => version)).toEqual(["1.0.0"]);
  });
});

describe("a model that serves on a GPU", () => {
  const content = { backends: ["wasm", "webgpu"] };

  /** The first version, once the GPU has taken over from WASM. */
  async function loadOnGpu() {
    const gpu = { requestAdapter: async () => ({ info: { vendor: "test" } }) };
    vi.stubGlobal("navigator", { gpu });
    registry.publish(await packOf("1.0.0", content));
    const page = await openPage().load({ update: "background" });
    await vi.waitFor(() => {
      expect(page.model.info.backend).toBe("webgpu");
      const layouts = page.model.info.candidates.filter(({ layout }) => layout !== undefined);
      expect(layouts.map(({ state }) => state)).not.toContain("proving");
      expect(layouts.map(({ reason }) => reason)).not.toContain("not tried yet");
    }, 10_000);
    registry.publish(await packOf("2.0.0", content));
    return page;
  }

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("moves to an update that is proven there", async () => {
    const { model } = await loadOnGpu();
    const started = engines.length;
    expect(await model.checkForUpdate()).toMatchObject({ state: "applied" });
    expect(model.info).toMatchObject({ version: "2.0.0", backend: "webgpu" });
    expect(await answerOf(model)).toBe(2);
    expect(engines).toHaveLength(started + 1);
  });

  test("moves to WASM where the update is wrong on the GPU only, which is tried as by a fresh load", async () => {
    const { model } = await loadOnGpu();
    faults["2.0.0"] = "answers wrongly on webgpu";
    expect(await model.checkForUpdate()).toMatchObject({ state: "applied" });
    expect(model.info).toMatchObject({ version: "2.0.0", backend: "wasm" });
    await vi.waitFor(() => expect(model.info.candidates[1]?.state).toBe("rejected"), 10_000);
    expect(await answerOf(model)).toBe(2);
    await vi.waitFor(() => expect(running()).toBe(1));
  });
});

test("on a metered link an update waits to be asked for", async () => {
  await visitedBefore(second);
  const page = openPage();
  page.refuseInBackground("metered");
  const { model, events, until } = await page.load({ update: "background" });
  await until("found");
  await vi.waitFor(() => expect(events.at(-1)).toHaveProperty("reason", "metered"), 10_000);
  expect(await model.checkForUpdate()).toMatchObject({ state: "found", reason: "metered" });
  expect(states(events)).toEqual(["found", "found"]);
  expect(failures).toEqual([]);
  const found = events.at(-1);
  if (found?.state !== "found") throw new Error("it is not found");
  expect(await found.apply()).toMatchObject({ state: "applied" });
});

describe("an update that fails on this device", () => {
  test.each([
    ["answers wrongly", "prove: no-candidate"],
    ["does not open", "prove: session-failed"],
  ] as const)("as it %s is refused, and not fetched again", async (fault, failure) => {
    faults["2.0.0"] = fault;
    await visitedBefore(second);
    const { model, events, until } = await openPage().load({ update: "background" });
    await until("refused");
    expect(states(events)).toEqual(["found", "refused"]);
    expect(failures).toEqual([failure]);
    expect(await answerOf(model)).toBe(1);
    const record = { current: choice(first), isProven: false, refused: [refusalOf(second)] };
    expect(await active()).toEqual(record);
    expect((await listPacks(database)).map(({ version }) => version)).toEqual(["1.0.0"]);

    registry.requests.length = 0;
    const later = await openPage().load({ update: "background" });
    expect(await later.model.checkForUpdate()).toBeUndefined();
    expect([later.events, await answerOf(later.model)]).toEqual([[], 1]);
    expect(registry.segmentRequests).toEqual([]);
    await vi.waitFor(() => expect(running()).toBe(2));
  });

  test("gives way to the next one that the registry names", async () => {
    faults["2.0.0"] = "answers wrongly";
    await visitedBefore(second);
    const { model, until } = await openPage().load({ update: "background" });
    await until("refused");
    registry.publish(third);
    expect(await model.checkForUpdate()).toMatchObject({ state: "applied", version: "3.0.0" });
  });

  test("is not what a damaged store is mended with: the version that served is", async () => {
    faults["2.0.0"] = "answers wrongly";
    await visitedBefore(second);
    await (await openPage().load()).until("refused");
    await loseGraph(first);
    expect((await openPage().load()).model.info.version).toBe("1.0.0");
  });
});

test("an update that cannot be fetched has failed, and the next check tries again", async () => {
  await visitedBefore(second);
  registry.intercept = ({ path }) =>
    path.includes("/segments/") ? new Response("", { status: 404 }) : undefined;
  const { model, until } = await openPage().load({ update: "background" });
  const failed = await until("failed");
  expect(failed).toMatchObject({ version: "2.0.0", error: { code: expect.any(String) } });
  registry.intercept = () => undefined;
  expect(await model.checkForUpdate()).toMatchObject({ state: "applied" });
});

test("a registry that cannot be asked is told to whoever asked, and to nobody else", async () => {
  await visitedBefore();
  isOffline = true;
  const { model, events } = await openPage().load();
  await expect(model.checkForUpdate()).rejects.toMatchObject({ name: "SelvedgeError" });
  expect(events).toEqual([]);
});

test("a check can be taken back", async () => {
  await visitedBefore();
  const { model } = await openPage().load();
  registry.intercept = () => new Promise(() => undefined);
  const controller = new AbortController();
  const checking = model.checkForUpdate({ signal: controller.signal });
  controller.abort();
  await expect(checking).rejects.toMatchObject({ name: "AbortError" });
});

describe("by hand", () => {
  const update = "manual";

  test("an update is found, and nothing of it fetched before it is applied", async () => {
    await visitedBefore(second);
    const { model, events, until } = await openPage().load({ update });
    const found = await until("found");
    if (found.state !== "found") throw new Error("it is not found");
    expect(found.bytes).toBeGreaterThan(3000);
    expect(registry.segmentRequests).toEqual([]);
    expect(await answerOf(model)).toBe(1);
    expect(await found.apply()).toMatchObject({ state: "applied" });
    expect(await answerOf(model)).toBe(2);
    expect(await found.apply()).toMatchObject({ state: "applied" });
    expect(states(events)).toEqual(["found", "applied"]);
  });

  test("a check answers with what it found; the app is told once", async () => {
    await visitedBefore(second);
    const { model, events, until } = await openPage().load({ update });
    await until("found");
    expect(await model.checkForUpdate()).toMatchObject({ state: "found", version: "2.0.0" });
    expect(states(events)).toEqual(["found"]);
  });
});

describe("a first install", () => {
  test("is proven behind the first answers, in an engine of its own", async () => {
    const { model } = await openPage({ proveAfterMs: 0 }).load();
    expect(await answerOf(model)).toBe(1);
    await vi.waitFor(async () => expect((await active())?.isProven).toBe(true), 10_000);
    // A third rehearses how it starts, once it is proven.
    await vi.waitFor(() => expect(engines).toHaveLength(3), 10_000);
    await vi.waitFor(() => expect(running()).toBe(1));
  });

  test("that lost something meanwhile gets it while other models have the turn to prove, and is proven then", async () => {
    const page = openPage({ proveAfterMs: 0 });
    const end = await page.pool.alone();
    await page.load();
    await loseGraph(first);
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const isAskedFor = new Promise<void>((resolve) => {
      registry.intercept = async ({ path }) => {
        if (!path.includes("/segments/")) return undefined;
        resolve();
        await held;
        return undefined;
      };
    });
    end();
    await isAskedFor;
    (await page.pool.alone())();
    expect(running()).toBe(1);
    expect((await active())?.isProven).toBe(false);
    answer();
    await vi.waitFor(async () => expect((await active())?.isProven).toBe(true), 10_000);
    expect(failures).toEqual([]);
  });

  test("that finds no memory for a second engine has not failed, and is proven on a later visit", async () => {
    const page = openPage({ proveAfterMs: 0 });
    const end = await page.pool.alone();
    const { model, events } = await page.load();
    faults["1.0.0"] = "finds no memory";
    end();
    // The third is what comes after: it would rehearse.
    await vi.waitFor(() => expect(engines).toHaveLength(3), 10_000);
    await vi.waitFor(() => expect(running()).toBe(1));
    expect(await active()).toEqual({ current: choice(first), isProven: false, refused: [] });
    expect([events, failures]).toEqual([[], []]);
    await model.dispose();
    delete faults["1.0.0"];
    await openPage({ proveAfterMs: 0 }).load();
    await vi.waitFor(async () => expect((await active())?.isProven).toBe(true), 10_000);
  });

  test("that fails goes on serving for want of another, says so, and is not tried again", async () => {
    faults["1.0.0"] = "answers wrongly";
    const { model, until } = await openPage({ proveAfterMs: 0 }).load();
    expect(await until("refused")).toMatchObject({ reason: expect.stringContaining("zeros") });
    expect(model.info.candidates[0]).toMatchObject({
      state: "serving",
      reason: expect.stringContaining("zeros"),
    });
    expect(failures).toEqual(["prove: no-candidate"]);
    const started = engines.length;
    const again = await openPage({ proveAfterMs: 0, checkEveryMs: 20 }).load();
    await again.model.checkForUpdate();
    expect(engines).toHaveLength(started + 1);
  });
});

describe("where what answered last does not open", () => {
  /** The second version answers, and the first is kept. */
  async function updatedBefore(): Promise<void> {
    await visitedBefore(second);
    const { model, until } = await openPage().load();
    await until("ready");
    await model.dispose();
  }

  test("the version before it does, and a listener that comes late is told", async () => {
    await updatedBefore();
    faults["2.0.0"] = "does not open";
    const { model, until } = await openPage().load();
    expect(await until("rolled-back")).toMatchObject({ version: "1.0.0", digest: first.digest });
    expect(await answerOf(model)).toBe(1);
    expect(model.info.candidates[0]?.reason).toContain("session-failed");
    expect(failures).toEqual(["rollback: session-failed"]);
    expect(await active()).toEqual({
      current: choice(first),
      isProven: true,
      refused: [refusalOf(second)],
    });
    expect(await model.checkForUpdate()).toBeUndefined();
  });

  test("for want of a part that cannot be fetched, it comes back once it can", async () => {
    await updatedBefore();
    await loseGraph(second);
    isOffline = true;
    const { model, until } = await openPage().load();
    await until("rolled-back");
    expect(await answerOf(model)).toBe(1);
    expect((await active())?.refused).toEqual([]);
    isOffline = false;
    expect(await model.checkForUpdate()).toMatchObject({ state: "ready", version: "2.0.0" });
    expect((await openPage().load()).model.info.version).toBe("2.0.0");
  });

  test("nor what was before it, it is not the pack: the load fails, and nothing is given up", async () => {
    await updatedBefore();
    const before = await active();
    faults["1.0.0"] = "does not open";
    faults["2.0.0"] = "does not open";
    await expect(openPage().load()).rejects.toMatchObject({ code: "session-failed" });
    expect(await active()).toEqual(before);
  });

  test("at first, a fresh engine may yet open it", async () => {
    await updatedBefore();
    faults["2.0.0"] = "does not open";
    const loading = openPage().load();
    await vi.waitFor(() => expect(running()).toBe(1));
    delete faults["2.0.0"];
    expect((await loading).model.info.version).toBe("2.0.0");
  });

  test("and nothing was before it, the load fails with why", async () => {
    await visitedBefore();
    faults["1.0.0"] = "does not open";
    await expect(openPage().load()).rejects.toMatchObject({ code: "session-failed" });
    expect((await active())?.current).toEqual(choice(first));
  });
});

/** The browser loses the graph of a pack. */
async function loseGraph({ manifest }: BuiltPack): Promise<void> {
  await database.use("losing a piece", (connection) =>
    connection.delete("pieces", [firstVariant(manifest).graph.sha256, 0]),
  );
}
