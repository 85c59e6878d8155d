import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { listPacks } from "../store/packs.ts";
import { answerOf, choice, refusalOf, states, UpdatingDevice } from "./updating-device.fixture.ts";

let device: UpdatingDevice;
let registry: FakeRegistry;
let faults: UpdatingDevice["faults"];
let failures: readonly string[];
let first: BuiltPack;
let second: BuiltPack;
let third: BuiltPack;

beforeEach(async () => {
  device = await UpdatingDevice.make();
  ({ registry, faults, failures, first, second, third } = device);
});

afterEach(() => device.end());

describe("a tab that goes while an update is being proven", () => {
  beforeEach(async () => {
    faults["2.0.0"] = "hangs";
    await device.visitedBefore(second);
    const { model } = await device.openPage().load();
    await eventually(() => expect(device.running()).toBe(2));
    await model.dispose();
    delete faults["2.0.0"];
    expect(await device.active()).toMatchObject({ current: choice(first), next: choice(second) });
    registry.requests.length = 0;
  });

  test("leaves the old version, and the next visit proves the new one without fetching it", async () => {
    const { model, until } = await device.openPage().load();
    expect(await answerOf(model)).toBe(1);
    await until("ready");
    expect(registry.segmentRequests).toEqual([]);
    expect((await device.active())?.current).toEqual(choice(second));
  });

  test("leaves nothing behind where the registry has thought better of it", async () => {
    registry.publish(first);
    const { model, events } = await device.openPage().load();
    expect(await model.checkForUpdate()).toBeUndefined();
    expect(events).toEqual([]);
    expect(await device.active()).toEqual({ current: choice(first), isProven: false, refused: [] });
    expect((await listPacks(device.database)).map(({ version }) => version)).toEqual(["1.0.0"]);
  });
});

describe("an update that fails on this device", () => {
  test.each([
    ["answers wrongly", "prove: no-candidate"],
    ["does not open", "prove: session-failed"],
  ] as const)("as it %s is refused, and not fetched again", async (fault, failure) => {
    faults["2.0.0"] = fault;
    await device.visitedBefore(second);
    const { model, events, until } = await device.openPage().load({ update: "background" });
    await until("refused");
    expect(states(events)).toEqual(["found", "refused"]);
    expect(failures).toEqual([failure]);
    expect(await answerOf(model)).toBe(1);
    const record = { current: choice(first), isProven: false, refused: [refusalOf(second)] };
    expect(await device.active()).toEqual(record);
    expect((await listPacks(device.database)).map(({ version }) => version)).toEqual(["1.0.0"]);

    registry.requests.length = 0;
    const later = await device.openPage().load({ update: "background" });
    expect(await later.model.checkForUpdate()).toBeUndefined();
    expect([later.events, await answerOf(later.model)]).toEqual([[], 1]);
    expect(registry.segmentRequests).toEqual([]);
    await eventually(() => expect(device.running()).toBe(2));
  });

  test("gives way to the next one that the registry names", async () => {
    faults["2.0.0"] = "answers wrongly";
    await device.visitedBefore(second);
    const { model, until } = await device.openPage().load({ update: "background" });
    await until("refused");
    registry.publish(third);
    expect(await model.checkForUpdate()).toMatchObject({ state: "applied", version: "3.0.0" });
  });

  test("is not what a damaged store is mended with: the version that served is", async () => {
    faults["2.0.0"] = "answers wrongly";
    await device.visitedBefore(second);
    await (await device.openPage().load()).until("refused");
    await device.loseGraph(first);
    expect((await device.openPage().load()).model.info.version).toBe("1.0.0");
  });
});

test("an update that cannot be fetched has failed, and the next check tries again", async () => {
  await device.visitedBefore(second);
  registry.intercept = ({ path }) =>
    path.includes("/segments/") ? new Response("", { status: 404 }) : undefined;
  const { model, until } = await device.openPage().load({ update: "background" });
  const failed = await until("failed");
  expect(failed).toMatchObject({ version: "2.0.0", error: { code: expect.any(String) } });
  registry.intercept = () => undefined;
  expect(await model.checkForUpdate()).toMatchObject({ state: "applied" });
});

test("a registry that cannot be asked is told to whoever asked, and to nobody else", async () => {
  await device.visitedBefore();
  device.isOffline = true;
  const { model, events } = await device.openPage().load();
  await expect(model.checkForUpdate()).rejects.toMatchObject({ name: "SelvedgeError" });
  expect(events).toEqual([]);
});

test("a check can be taken back", async () => {
  await device.visitedBefore();
  const { model } = await device.openPage().load();
  registry.intercept = () => new Promise(() => undefined);
  const controller = new AbortController();
  const checking = model.checkForUpdate({ signal: controller.signal });
  controller.abort();
  await expect(checking).rejects.toMatchObject({ name: "AbortError" });
});
