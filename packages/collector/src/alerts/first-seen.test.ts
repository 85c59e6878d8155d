import type { ModelsAnswer } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { Window } from "../store/store.ts";
import { createFirstSeen } from "./first-seen.ts";

const DAY_MS = 86_400_000;
const NOW = 1000 * DAY_MS;

/** A store in which each version was heard of every hour since it was seen first. */
function storeOf(since: Readonly<Record<string, number>>) {
  const windows: Window[] = [];
  const models = async (window: Window): Promise<ModelsAnswer> => {
    windows.push(window);
    const versions = Object.entries(since)
      .filter(([, at]) => at < window.to)
      .map(([version, at]) => ({
        ...{ version, dtypes: [], backends: [], predictions: 1, failures: 0, lastSeen: window.to },
        firstSeen: Math.max(at, window.from),
      }));
    return { models: [{ name: "rec", versions }] };
  };
  return { windows, store: { models } };
}

const value = (version: string) => ({ model: "rec", version, value: 1, count: 1 });

test("the version before is the one that was seen first before it, whatever it is called", async () => {
  const { store } = storeOf({
    "9.0.0": NOW - 9 * DAY_MS,
    "1.0.0": NOW - 3 * DAY_MS,
    a: NOW - DAY_MS,
  });
  const firstSeen = createFirstSeen();
  await firstSeen.look(store, { to: NOW });
  const all = ["a", "1.0.0", "9.0.0"].map(value);
  const before = (version: string) => firstSeen.before(value(version), all)?.version;
  expect([before("a"), before("1.0.0"), before("9.0.0")]).toEqual(["1.0.0", "9.0.0", undefined]);
});

test("no look reaches back further than a month, and after the first none further than hours", async () => {
  const { store, windows } = storeOf({ "1.0.0": NOW - 300 * DAY_MS });
  const firstSeen = createFirstSeen();
  for (let minute = 0; minute < 3; minute++)
    await firstSeen.look(store, { to: NOW + minute * 60_000 });
  expect(windows.map(({ from, to }) => to - from)).toEqual([30 * DAY_MS, 3_660_000, 3_660_000]);
});

test("of versions that are older than that, those with higher numbers came later", async () => {
  const { store } = storeOf({ "1.9.0": 0, "1.10.0": 1, "1.2.0": 2, new: NOW - DAY_MS });
  const firstSeen = createFirstSeen();
  await firstSeen.look(store, { to: NOW });
  const all = ["1.10.0", "1.2.0", "1.9.0", "new"].map(value);
  const before = (version: string) => firstSeen.before(value(version), all)?.version;
  expect(before("new")).toBe("1.10.0");
  expect(before("1.10.0")).toBe("1.9.0");
  expect(before("1.2.0")).toBeUndefined();
});
