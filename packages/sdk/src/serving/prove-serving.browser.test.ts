import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FakeRegistry } from "../delivery/registry.fixture.ts";
import { eventually } from "../eventually.fixture.ts";
import type { BuiltPack } from "../store/pack.fixture.ts";
import { answerOf, choice, UpdatingDevice } from "./updating-device.fixture.ts";

let device: UpdatingDevice;
let registry: FakeRegistry;
let faults: UpdatingDevice["faults"];
let engines: readonly Worker[];
let failures: readonly string[];
let first: BuiltPack;

beforeEach(async () => {
  device = await UpdatingDevice.make();
  ({ registry, faults, engines, failures, first } = device);
});

afterEach(() => device.end());

describe("a first install", () => {
  test("is proven behind the first answers, in an engine of its own", async () => {
    const { model } = await device.openPage({ proveAfterMs: 0 }).load();
    expect(await answerOf(model)).toBe(1);
    await eventually(async () => expect((await device.active())?.isProven).toBe(true));
    // A third rehearses how it starts, once it is proven.
    await eventually(() => expect(engines).toHaveLength(3));
    await eventually(() => expect(device.running()).toBe(1));
  });

  test.each([
    ["its graph", "loseGraph"],
    ["a file that travels with it", "loseLabels"],
  ] as const)(
    "that lost %s meanwhile gets it while other models have the turn to prove, and is proven then",
    async (_what, lose) => {
      const page = device.openPage({ proveAfterMs: 0 });
      const end = await page.pool.alone();
      await page.load();
      await device[lose](first);
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
      expect(device.running()).toBe(1);
      expect((await device.active())?.isProven).toBe(false);
      answer();
      await eventually(async () => expect((await device.active())?.isProven).toBe(true));
      expect(failures).toEqual([]);
    },
  );

  test("that finds no memory for a second engine has not failed, and is proven on a later visit", async () => {
    const page = device.openPage({ proveAfterMs: 0 });
    const end = await page.pool.alone();
    const { model, events } = await page.load();
    faults["1.0.0"] = "finds no memory";
    end();
    // The third is what comes after: it would rehearse.
    await eventually(() => expect(engines).toHaveLength(3));
    await eventually(() => expect(device.running()).toBe(1));
    expect(await device.active()).toEqual({ current: choice(first), isProven: false, refused: [] });
    expect([events, failures]).toEqual([[], []]);
    await model.dispose();
    delete faults["1.0.0"];
    await device.openPage({ proveAfterMs: 0 }).load();
    await eventually(async () => expect((await device.active())?.isProven).toBe(true));
  });

  test("that fails goes on serving for want of another, says so, and is not tried again", async () => {
    faults["1.0.0"] = "answers wrongly";
    const { model, until } = await device.openPage({ proveAfterMs: 0 }).load();
    expect(await until("refused")).toMatchObject({ reason: expect.stringContaining("zeros") });
    expect(model.info.candidates[0]).toMatchObject({
      state: "serving",
      reason: expect.stringContaining("zeros"),
    });
    expect(failures).toEqual(["prove: no-candidate"]);
    const started = engines.length;
    const again = await device.openPage({ proveAfterMs: 0, checkEveryMs: 20 }).load();
    await again.model.checkForUpdate();
    expect(engines).toHaveLength(started + 1);
  });
});
