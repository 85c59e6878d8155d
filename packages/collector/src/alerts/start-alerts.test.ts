import { expect, vi } from "vitest";
import { DAY_MS, FAILING, HOOK, look, MINUTE_MS, test } from "../fixtures/watched-fleet.ts";

test("a version that nobody predicts with any more is found by how few predictions there are", async ({
  fleet,
}) => {
  const alerts = fleet.watch({
    ...{ name: "silent", kind: "threshold", metric: "predictions" },
    ...{ window: "5m", below: 1, minCount: 1 },
  });
  await fleet.calls(100);
  expect(await look(alerts)).toEqual({ state: "ok", value: 100 });
  fleet.nowMs += 10 * MINUTE_MS;
  expect(await look(alerts)).toEqual({ state: "firing", value: 0 });
  fleet.nowMs += 2 * DAY_MS;
  expect(await look(alerts)).toEqual({ state: "firing", value: 0 });
  await fleet.calls(100);
  expect(await look(alerts)).toEqual({ state: "ok", value: 100 });
});

test("an alert fires, is told of, goes on while its value is between its levels, and ends", async ({
  fleet,
}) => {
  const alerts = fleet.watch(FAILING);
  const after = async (failed: number) => {
    fleet.nowMs += 10 * MINUTE_MS;
    await fleet.calls(1000, { failed });
    return (await look(alerts))?.state;
  };
  expect(await after(10)).toBe("ok");
  expect(await after(90)).toBe("firing");
  expect(await after(40)).toBe("firing");
  expect(await after(10)).toBe("ok");
  expect(fleet.posted.map(({ body }) => [body["from"], body["to"]])).toEqual([
    ["ok", "firing"],
    ["firing", "ok"],
  ]);
  expect(fleet.posted[0]).toMatchObject({
    url: HOOK.url,
    body: {
      ...{ event: "alert", rule: "failing", severity: "critical" },
      labels: { model: "rec", version: "1.0.0" },
      value: 90 / 1090,
    },
  });
  const { history } = await alerts.answer();
  expect(history.map(({ to, delivered }) => [to, delivered])).toEqual([
    ["ok", true],
    ["firing", true],
  ]);
  await alerts.close();
});

test("an alert that waits fires once it was so for long enough", async ({ fleet }) => {
  const alerts = fleet.watch({ ...FAILING, for: "3m" });
  await fleet.calls(1000, { failed: 90 });
  expect((await look(alerts))?.state).toBe("pending");
  fleet.nowMs += 2 * MINUTE_MS;
  expect((await look(alerts))?.state).toBe("pending");
  fleet.nowMs += MINUTE_MS;
  expect((await look(alerts))?.state).toBe("firing");
  await alerts.close();
});

test("where little or nothing is measured, nothing is said", async ({ fleet }) => {
  const alerts = fleet.watch(FAILING);
  await fleet.calls(50, { failed: 40 });
  expect(await look(alerts)).toEqual({ state: "no-data", value: null });
  expect((await alerts.answer()).history).toEqual([]);
  await fleet.calls(500, { failed: 90 });
  expect((await look(alerts))?.state).toBe("firing");
  fleet.nowMs += 60 * MINUTE_MS;
  expect(await look(alerts)).toEqual({ state: "no-data", value: null });
  fleet.nowMs += 2 * DAY_MS;
  await alerts.evaluate();
  expect(await look(alerts)).toBeUndefined();
  await alerts.close();
});

test("a change is measured against the window before", async ({ fleet }) => {
  const alerts = fleet.watch({
    ...{ name: "slower", kind: "change", metric: "latency-p95", against: "window-before" },
    ...{ window: "10m", above: 0.3 },
  });
  await fleet.calls(200, { seconds: 0.05 });
  fleet.nowMs += 10 * MINUTE_MS;
  await fleet.calls(200, { seconds: 0.06 });
  expect((await look(alerts))?.state).toBe("ok");
  fleet.nowMs += 10 * MINUTE_MS;
  await fleet.calls(200, { seconds: 0.12 });
  const slower = await look(alerts);
  expect(slower?.state).toBe("firing");
  expect(slower?.value).toBeCloseTo(1, 1);
  await alerts.close();
});

test("a change is measured against the version before", async ({ fleet }) => {
  const alerts = fleet.watch({
    ...{ name: "worse", kind: "change", metric: "failure-rate", against: "previous-version" },
    ...{ difference: "absolute", window: "10m", above: 0.05 },
  });
  await fleet.calls(200, { failed: 2, version: "0.9.0" });
  fleet.nowMs += 3 * MINUTE_MS;
  await fleet.calls(200, { failed: 2, version: "1.0.0" });
  fleet.nowMs += 3 * MINUTE_MS;
  await fleet.calls(200, { failed: 40, version: "1.1.0" });
  await alerts.evaluate();
  const [rule] = (await alerts.answer()).rules;
  expect(rule?.instances.map(({ labels, state }) => [labels["version"], state])).toEqual([
    ["0.9.0", "no-data"],
    ["1.0.0", "ok"],
    ["1.1.0", "firing"],
  ]);
  await alerts.close();
});

test("an objective is burnt where both windows fail too often, and not any more when the short one is well", async ({
  fleet,
}) => {
  const alerts = fleet.watch({
    ...{ name: "slo", kind: "burn-rate", objective: 0.99, above: 10 },
    ...{ long: "1h", short: "5m" },
  });
  await fleet.calls(1000, { failed: 200 });
  const burning = await look(alerts);
  expect(burning?.state).toBe("firing");
  expect(burning?.value).toBeCloseTo((200 / 1200) * 100);
  fleet.nowMs += 10 * MINUTE_MS;
  await fleet.calls(100);
  expect(await look(alerts)).toMatchObject({ state: "ok", value: 0 });
  await alerts.close();
});

test("a rule that cannot be looked at does not keep others from it", async ({ fleet }) => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const { feedback } = fleet.store;
  fleet.store = { ...fleet.store, feedback: () => Promise.reject(new Error("no room")) };
  const alerts = fleet.watch(
    { name: "wrong", kind: "threshold", metric: "accuracy", below: 0.5 },
    FAILING,
  );
  fleet.store = { ...fleet.store, feedback };
  await fleet.calls(1000, { failed: 90 });
  await alerts.evaluate();
  expect((await alerts.answer()).rules[1]?.instances).toMatchObject([{ state: "firing" }]);
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
  await alerts.close();
});

test("looks by itself, as often as it is told", async ({ fleet }) => {
  const alerts = fleet.watch(FAILING);
  await fleet.calls(1000, { failed: 90 });
  alerts.ring();
  await expect.poll(async () => (await alerts.answer()).history).toHaveLength(1);
  await alerts.close();
});
