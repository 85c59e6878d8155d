import { expect } from "vitest";
import { FAILING, look, MINUTE_MS, START, test } from "../fixtures/watched-fleet.ts";

test("after a restart an alert stands where it stood, and nobody is told again", async ({
  fleet,
}) => {
  const before = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  await look(before);
  await before.close();
  const after = fleet.watch(FAILING);
  fleet.nowMs += MINUTE_MS;
  expect((await look(after))?.state).toBe("firing");
  expect(fleet.posted).toHaveLength(1);
  const [rule] = (await after.answer()).rules;
  expect(rule?.instances[0]?.since).toBe(START);
  await after.close();
});

test("what a receiver does not take is noted as not delivered", async ({ fleet }) => {
  fleet.status = 404;
  const alerts = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  await look(alerts);
  expect((await alerts.answer()).history).toMatchObject([{ to: "firing", delivered: false }]);
  await alerts.close();
});

test("an alert that ends while it is out of sight is told of as it ended, once", async ({
  fleet,
}) => {
  const alerts = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  await look(alerts);
  fleet.nowMs += 10 * MINUTE_MS;
  expect((await look(alerts))?.state).toBe("no-data");
  await fleet.calls(1000);
  expect((await look(alerts))?.state).toBe("ok");
  await look(alerts);
  expect(fleet.posted.map(({ body }) => [body["from"], body["to"]])).toEqual([
    ["ok", "firing"],
    ["firing", "no-data"],
    ["no-data", "ok"],
  ]);
  await alerts.close();
});

test("what a receiver did not take is told again until it does, and is noted once", async ({
  fleet,
}) => {
  fleet.status = 500;
  const alerts = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  await look(alerts);
  const attempts = fleet.posted.length;
  fleet.nowMs += 30_000;
  await look(alerts);
  expect(fleet.posted).toHaveLength(attempts);
  fleet.status = 200;
  fleet.nowMs += 40_000;
  await look(alerts);
  expect(fleet.posted).toHaveLength(attempts + 1);
  expect(fleet.posted.at(-1)?.body).toMatchObject({ to: "firing", at: START });
  expect((await alerts.answer()).history).toMatchObject([{ to: "firing", delivered: true }]);
  fleet.nowMs += 60 * 60_000;
  await fleet.calls(1000, { failed: 90 });
  await look(alerts);
  expect(fleet.posted).toHaveLength(attempts + 1);
  await alerts.close();
});

test("what a receiver did not take before a restart is told after it, at once", async ({
  fleet,
}) => {
  fleet.status = 404;
  const before = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  await look(before);
  await before.close();
  fleet.status = 200;
  const after = fleet.watch(FAILING);
  fleet.nowMs += MINUTE_MS;
  await look(after);
  expect(fleet.posted.map(({ body }) => body["at"])).toEqual([START, START]);
  await look(after);
  expect(fleet.posted).toHaveLength(2);
  await after.close();
  const third = fleet.watch(FAILING);
  await look(third);
  expect(fleet.posted).toHaveLength(2);
  await third.close();
});

test("an alert that ended meanwhile is told of as it ended, and not as it began", async ({
  fleet,
}) => {
  fleet.status = 404;
  const alerts = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  await look(alerts);
  fleet.status = 200;
  fleet.nowMs += 10 * MINUTE_MS;
  await fleet.calls(1000);
  await look(alerts);
  fleet.nowMs += 10 * MINUTE_MS;
  await look(alerts);
  expect(fleet.posted.slice(1).map(({ body }) => body["to"])).toEqual(["ok"]);
  await alerts.close();
});
