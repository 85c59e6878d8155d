import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { answerOf, choice, packOf, states, UpdatingDevice } from "./updating-device.fixture.ts";

let device: UpdatingDevice;
let registry: FakeRegistry;
let faults: UpdatingDevice["faults"];
let engines: readonly Worker[];
let failures: readonly string[];
let first: BuiltPack;
let second: BuiltPack;
let third: BuiltPack;

beforeEach(async () => {
  device = await UpdatingDevice.make();
  ({ registry, faults, engines, failures, first, second, third } = device);
});

afterEach(() => device.end());

describe("by default", () => {
  test("an update is fetched and proven behind the old version, which goes on until the next load", async () => {
    await device.visitedBefore(second);
    const { model, events, until } = await device.openPage().load();
    await until("ready");
    expect(states(events)).toEqual(["found", "ready"]);
    expect(events[0]).toMatchObject({ version: "2.0.0", digest: second.digest });
    expect([model.info.version, await answerOf(model)]).toEqual(["1.0.0", 1]);
    expect(await device.active()).toEqual({
      current: choice(second),
      isProven: true,
      lastGood: choice(first),
      refused: [],
    });
    await eventually(() => expect(device.running()).toBe(1));

    registry.requests.length = 0;
    const later = await device.openPage().load();
    expect([later.model.info.version, await answerOf(later.model)]).toEqual(["2.0.0", 2]);
    expect(await later.model.checkForUpdate()).toBeUndefined();
    expect(registry.segmentRequests).toEqual([]);
  });

  test("what is ready can be applied at once", async () => {
    await device.visitedBefore(second);
    const { model, until } = await device.openPage().load();
    const ready = await until("ready");
    expect(await model.checkForUpdate()).toBe(ready);
    if (ready.state !== "ready") throw new Error("it is not ready");
    expect(await ready.apply?.()).toMatchObject({ state: "applied", version: "2.0.0" });
    expect(await answerOf(model)).toBe(2);
  });

  test("an app that asks for one does not wait for what other models prove meanwhile", async () => {
    await device.visitedBefore(second);
    const page = device.openPage({ proveAfterMs: 0 });
    const end = await page.pool.alone();
    const { model } = await page.load();
    await answerOf(model);
    expect(await model.checkForUpdate()).toMatchObject({ state: "ready", version: "2.0.0" });
    end();
  });

  test("an open page asks again", async () => {
    const { until } = await device.openPage({ proveAfterMs: 0, checkEveryMs: 50 }).load();
    registry.publish(second);
    await until("ready");
    registry.publish(third);
    await eventually(async () => expect((await device.active())?.current).toEqual(choice(third)));
  });

  test("a version that another tab has brought is ready without being fetched or proven again", async () => {
    await device.visitedBefore();
    const here = await device.openPage().load();
    registry.publish(second);
    const there = await device.openPage().load();
    await there.until("ready");
    const started = engines.length;
    registry.requests.length = 0;
    expect(await here.model.checkForUpdate()).toMatchObject({ state: "ready", version: "2.0.0" });
    expect(registry.segmentRequests).toEqual([]);
    expect(engines).toHaveLength(started);
  });

  test("a pinned version stays, and the channel is not asked", async () => {
    await device.visitedBefore(second);
    const { model } = await device.openPage().load({ version: "1.0.0" });
    expect(await model.checkForUpdate()).toBeUndefined();
    expect(model.info.version).toBe("1.0.0");
    expect(registry.requests.filter(({ path }) => path.endsWith("channels.json"))).toEqual([]);
  });
});

describe("in the background", () => {
  const update = "background";

  test("the model moves to the update between two calls, and everything speaks of it", async () => {
    await device.visitedBefore(second);
    const { model, events, until } = await device.openPage().load({ update });
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
    await eventually(() => expect(device.running()).toBe(1));
  });

  test("calls that wait when it moves are answered by the old version", async () => {
    await device.visitedBefore();
    const { model } = await device.openPage().load({ update });
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
    await device.visitedBefore(await packOf("2.0.0", { signature }));
    const { model, until } = await device.openPage().load({ update });
    const ready = await until("ready");
    expect(ready).toMatchObject({ reason: expect.stringContaining("inputs or outputs") });
    expect(ready).not.toHaveProperty("apply");
    expect(model.info.version).toBe("1.0.0");
    expect((await device.openPage().load()).model.info.version).toBe("2.0.0");
  });

  test("two tabs at once agree", async () => {
    await device.visitedBefore(second);
    const tabs = await Promise.all([
      device.openPage().load({ update }),
      device.openPage().load({ update }),
    ]);
    for (const { until, model } of tabs) {
      await until("applied");
      expect(await answerOf(model)).toBe(2);
    }
    expect(await device.active()).toMatchObject({
      current: choice(second),
      lastGood: choice(first),
    });
  });

  test("a listener that throws harms nobody, and one that has left is not told", async () => {
    const reported = vi.spyOn(globalThis, "reportError").mockImplementation(() => undefined);
    await device.visitedBefore(second);
    const { model, events, stop } = await device.openPage().load({ update });
    stop();
    const boom = new Error("boom");
    model.on("update", () => {
      throw boom;
    });
    const seen: string[] = [];
    model.on("update", ({ state }) => seen.push(state));
    await eventually(() => expect(seen).toContain("applied"));
    expect(reported).toHaveBeenCalledWith(boom);
    expect(events).toEqual([]);
  });

  test("disposing while an update is being proven ends every engine, and nothing fails", async () => {
    faults["2.0.0"] = "hangs";
    await device.visitedBefore(second);
    const { model, events } = await device.openPage().load({ update });
    await eventually(() => expect(device.running()).toBe(2));
    await model.dispose();
    await eventually(() => expect(device.running()).toBe(0));
    expect(states(events)).toEqual(["found"]);
    expect(failures).toEqual([]);
    expect((await device.active())?.current).toEqual(choice(first));
  });
});

describe("by hand", () => {
  const update = "manual";

  test("an update is found, and nothing of it fetched before it is applied", async () => {
    await device.visitedBefore(second);
    const { model, events, until } = await device.openPage().load({ update });
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
    await device.visitedBefore(second);
    const { model, events, until } = await device.openPage().load({ update });
    await until("found");
    expect(await model.checkForUpdate()).toMatchObject({ state: "found", version: "2.0.0" });
    expect(states(events)).toEqual(["found"]);
  });
});

describe("a model that serves on a GPU", () => {
  const content = { backends: ["wasm", "webgpu"] };

  /** The first version, once the GPU has taken over from WASM. */
  async function loadOnGpu() {
    const gpu = { requestAdapter: async () => ({ info: { vendor: "test" } }) };
    vi.stubGlobal("navigator", { gpu });
    registry.publish(await packOf("1.0.0", content));
    const page = await device.openPage().load({ update: "background" });
    await eventually(() => {
      expect(page.model.info.backend).toBe("webgpu");
      const layouts = page.model.info.candidates.filter(({ layout }) => layout !== undefined);
      expect(layouts.map(({ state }) => state)).not.toContain("proving");
      expect(layouts.map(({ reason }) => reason)).not.toContain("not tried yet");
    });
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
    await eventually(() => expect(model.info.candidates[1]?.state).toBe("rejected"));
    expect(await answerOf(model)).toBe(2);
    await eventually(() => expect(device.running()).toBe(1));
  });
});

test("on a metered link an update waits to be asked for", async () => {
  await device.visitedBefore(second);
  const page = device.openPage();
  page.refuseInBackground("metered");
  const { model, events, until } = await page.load({ update: "background" });
  await until("found");
  await eventually(() => expect(events.at(-1)).toHaveProperty("reason", "metered"));
  expect(await model.checkForUpdate()).toMatchObject({ state: "found", reason: "metered" });
  expect(states(events)).toEqual(["found", "found"]);
  expect(failures).toEqual([]);
  const found = events.at(-1);
  if (found?.state !== "found") throw new Error("it is not found");
  expect(await found.apply()).toMatchObject({ state: "applied" });
});
