import type { AlertState } from "@selvedge/protocol";
import { expect, test } from "vitest";
import type { AlertChange } from "../store/store.ts";
import type { DriftRule } from "./alert-rule.ts";
import type { Receiver } from "./announcement.ts";
import { createOwedAnnouncements } from "./owed-announcements.ts";

const HOUR_MS = 3_600_000;
const HOOK = { url: "https://hooks.example/", secret: undefined };
const RULE: DriftRule = {
  ...{ name: "drift", kind: "drift", severity: "info", model: undefined, forMs: 0 },
  ...{ baseline: "reference", features: undefined, windowMs: HOUR_MS },
  ...{ webhook: HOOK, retrain: HOOK },
};

/** What is owed of one feature, and whether it fired and has not ended. */
function start() {
  const owed = createOwedAnnouncements([RULE]);
  let isOpen = true;
  return {
    end: () => {
      isOpen = false;
    },
    begin: (at: number, from: AlertState, to: AlertState) => {
      const about = { rule: RULE.name, labels: { feature: "age" }, value: 1, delivered: null };
      const change: AlertChange = { at, from, to, ...about };
      owed.begin(RULE, [change], at);
    },
    /** Whom is told of what at a time, where these take nothing; without them, nobody answers. */
    tell: (nowMs: number, refusing?: readonly Receiver[]) =>
      owed.take(RULE, { nowMs, isOpen: () => isOpen }).map((announcement) => {
        const { change, receivers, missing } = announcement;
        const isLeft = (who: Receiver) => !receivers.includes(who) || refusing?.includes(who);
        if (refusing) owed.note({ announcement, missing: missing.filter(isLeft) }, nowMs);
        return [change.to, ...receivers];
      }),
  };
}

test("a training is called for less and less often, and no more once the feature is ok again", () => {
  const { begin, tell } = start();
  begin(0, "ok", "firing");
  expect(tell(0, ["retrain"])).toEqual([["firing", "webhook", "retrain"]]);
  expect(tell(59_000, ["retrain"])).toEqual([]);
  expect(tell(60_000, ["retrain"])).toEqual([["firing", "retrain"]]);
  expect(tell(120_000, ["retrain"])).toEqual([]);
  expect(tell(180_000, ["retrain"])).toEqual([["firing", "retrain"]]);
  begin(240_000, "firing", "ok");
  expect(tell(240_000, [])).toEqual([["ok", "webhook"]]);
  expect(tell(30 * HOUR_MS, [])).toEqual([]);
});

test("what is on its way is not told again, however long it takes, and not once it is over", () => {
  const { begin, tell } = start();
  begin(0, "ok", "firing");
  expect(tell(0)).toEqual([["firing", "webhook", "retrain"]]);
  expect(tell(30 * HOUR_MS)).toEqual([]);
  begin(31 * HOUR_MS, "firing", "ok");
  expect(tell(31 * HOUR_MS)).toEqual([["ok", "webhook"]]);
});

test("a webhook is told of the latest change alone, while the training of an earlier one is owed", () => {
  const { begin, tell } = start();
  begin(0, "ok", "firing");
  tell(0, ["webhook", "retrain"]);
  begin(60_000, "firing", "no-data");
  expect(tell(60_000, ["webhook", "retrain"])).toEqual([
    ["firing", "retrain"],
    ["no-data", "webhook"],
  ]);
  expect(tell(30 * HOUR_MS, ["retrain"])).toEqual([["firing", "retrain"]]);
});

test("what is forgotten is called for no more", () => {
  const { begin, tell, end } = start();
  begin(0, "ok", "firing");
  tell(0, ["retrain"]);
  end();
  expect(tell(HOUR_MS, ["retrain"])).toEqual([]);
});
