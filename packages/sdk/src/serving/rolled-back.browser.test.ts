import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { answerOf, choice, refusalOf, UpdatingDevice } from "./updating-device.fixture.ts";

let device: UpdatingDevice;
let faults: UpdatingDevice["faults"];
let failures: readonly string[];
let first: BuiltPack;
let second: BuiltPack;

beforeEach(async () => {
  device = await UpdatingDevice.make();
  ({ faults, failures, first, second } = device);
});

afterEach(() => device.end());

describe("where what answered last does not open", () => {
  /** The second version answers, and the first is kept. */
  async function updatedBefore(): Promise<void> {
    await device.visitedBefore(second);
    const { model, until } = await device.openPage().load();
    await until("ready");
    await model.dispose();
  }

  test("the version before it does, and a listener that comes late is told", async () => {
    await updatedBefore();
    faults["2.0.0"] = "does not open";
    const { model, until } = await device.openPage().load();
    expect(await until("rolled-back")).toMatchObject({ version: "1.0.0", digest: first.digest });
    expect(await answerOf(model)).toBe(1);
    expect(model.info.candidates[0]?.reason).toContain("session-failed");
    expect(failures).toEqual(["rollback: session-failed"]);
    expect(await device.active()).toEqual({
      current: choice(first),
      isProven: true,
      refused: [refusalOf(second)],
    });
    expect(await model.checkForUpdate()).toBeUndefined();
  });

  test("for want of a part that cannot be fetched, it comes back once it can", async () => {
    await updatedBefore();
    await device.loseGraph(second);
    device.isOffline = true;
    const { model, until } = await device.openPage().load();
    await until("rolled-back");
    expect(await answerOf(model)).toBe(1);
    expect((await device.active())?.refused).toEqual([]);
    device.isOffline = false;
    expect(await model.checkForUpdate()).toMatchObject({ state: "ready", version: "2.0.0" });
    expect((await device.openPage().load()).model.info.version).toBe("2.0.0");
  });

  test("nor what was before it, it is not the pack: the load fails, and nothing is given up", async () => {
    await updatedBefore();
    const before = await device.active();
    faults["1.0.0"] = "does not open";
    faults["2.0.0"] = "does not open";
    await expect(device.openPage().load()).rejects.toMatchObject({ code: "session-failed" });
    expect(await device.active()).toEqual(before);
  });

  test("at first, a fresh engine may yet open it", async () => {
    await updatedBefore();
    faults["2.0.0"] = "does not open";
    const loading = device.openPage().load();
    await eventually(() => expect(device.running()).toBe(1));
    delete faults["2.0.0"];
    expect((await loading).model.info.version).toBe("2.0.0");
  });

  test("and nothing was before it, the load fails with why", async () => {
    await device.visitedBefore();
    faults["1.0.0"] = "does not open";
    await expect(device.openPage().load()).rejects.toMatchObject({ code: "session-failed" });
    expect((await device.active())?.current).toEqual(choice(first));
  });
});
