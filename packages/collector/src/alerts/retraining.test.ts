import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { DAY_MS, DRIFTING, HOOK, look, MINUTE_MS, TRAIN, test } from "../fixtures/watched-fleet.ts";

test("drift calls for a training, with what drifted and nothing that may not be known", async ({
  fleet,
}) => {
  await fleet.calls(100);
  await fleet.shift();
  const alerts = fleet.watch(DRIFTING);
  expect(await look(alerts)).toMatchObject({ state: "firing" });
  const [call] = fleet.posted;
  expect(call).toMatchObject({
    url: TRAIN.url,
    body: {
      ...{ event: "retrain", rule: "drift", model: "rec", version: "1.0.0" },
      manifest: expect.stringMatching(/^[0-9a-f]{64}$/),
      features: [{ feature: "age", verdict: "drifting", contributors: 700 }],
    },
  });
  const features = call?.body["features"] as
    | { bins: { label: string; observed: number }[] }[]
    | undefined;
  const [feature] = features ?? [];
  expect(feature?.bins.map(({ label }) => label).at(-1)).toBe("(6, ∞)");
  expect(feature?.bins.every(({ observed }) => observed * 700 >= 50)).toBe(true);
  await look(alerts);
  expect(fleet.posted).toHaveLength(1);
  await alerts.close();
});

test("drift that is out of sight for a while calls for no further training", async ({ fleet }) => {
  await fleet.calls(100);
  await fleet.shift();
  const before = fleet.watch({ ...DRIFTING, webhook: HOOK });
  expect((await look(before))?.state).toBe("firing");
  fleet.nowMs += 30 * DAY_MS;
  await fleet.calls(100);
  expect(await look(before)).toEqual({ state: "no-data", value: null });
  await before.close();
  const after = fleet.watch({ ...DRIFTING, webhook: HOOK });
  fleet.nowMs += DAY_MS;
  await fleet.calls(100);
  await fleet.shift();
  expect((await look(after))?.state).toBe("firing");
  const told = fleet.posted.map(({ body }) => [body["event"], body["to"]]);
  expect(told.filter(([event]) => event === "alert")).toEqual([
    ["alert", "firing"],
    ["alert", "no-data"],
  ]);
  expect(told.filter(([event]) => event === "retrain")).toHaveLength(1);
  const { history } = await after.answer();
  expect(history[0]).toMatchObject({ from: "no-data", to: "firing", delivered: null });
  await after.close();
});

test("drift that cannot be read changes nothing", async ({ fleet }) => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  await fleet.calls(100);
  await fleet.shift();
  const alerts = fleet.watch(DRIFTING);
  const before = await look(alerts);
  const manifest = join(fleet.registryDir, "rec/1.0.0/manifest.json");
  const sound = await readFile(manifest);
  await writeFile(manifest, "{}");
  fleet.nowMs += MINUTE_MS;
  expect(await look(alerts)).toEqual(before);
  await writeFile(manifest, sound);
  fleet.nowMs += MINUTE_MS;
  expect(await look(alerts)).toEqual(before);
  expect(fleet.posted).toHaveLength(1);
  expect((await alerts.answer()).history).toHaveLength(1);
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
  await alerts.close();
});

test("a training that was called for is not called for again where the webhook took nothing", async ({
  fleet,
}) => {
  fleet.refusing = [HOOK.url];
  await fleet.calls(100);
  await fleet.shift();
  const before = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(before);
  expect(fleet.toldSince()).toEqual(["alert firing", "retrain"]);
  fleet.nowMs += 2 * MINUTE_MS;
  await look(before);
  fleet.nowMs += 60 * MINUTE_MS;
  await look(before);
  expect(fleet.toldSince()).toEqual(["alert firing", "alert firing"]);
  const { history } = await before.answer();
  expect(history.map(({ from, to, delivered }) => [from, to, delivered])).toEqual([
    ["ok", "firing", false],
  ]);
  await before.close();
  const after = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(after);
  expect(fleet.toldSince()).toEqual(["alert firing"]);
  fleet.refusing = [];
  fleet.nowMs += 2 * MINUTE_MS;
  await look(after);
  expect(fleet.toldSince()).toEqual(["alert firing"]);
  expect((await after.answer()).history).toMatchObject([{ to: "firing", delivered: true }]);
  await after.close();
  const third = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(third);
  expect(fleet.toldSince()).toEqual([]);
  await third.close();
});

test("a training that nobody took is called for until somebody does, whatever the webhook is told", async ({
  fleet,
}) => {
  fleet.refusing = [TRAIN.url];
  await fleet.calls(100);
  await fleet.shift();
  const before = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(before);
  fleet.nowMs += 2 * MINUTE_MS;
  await look(before);
  expect(fleet.toldSince()).toEqual(["alert firing", "retrain", "retrain"]);
  fleet.nowMs += 30 * DAY_MS;
  await fleet.calls(100);
  expect((await look(before))?.state).toBe("no-data");
  expect(fleet.toldSince()).toEqual(["alert no-data", "retrain"]);
  await before.close();
  const after = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(after);
  expect(fleet.toldSince()).toEqual(["retrain"]);
  fleet.refusing = [];
  fleet.nowMs += 2 * MINUTE_MS;
  await look(after);
  expect(fleet.toldSince()).toEqual(["retrain"]);
  await after.close();
  const third = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(third);
  expect(fleet.toldSince()).toEqual([]);
  await third.close();
});

test("a training is called for after a restart where the webhook was told of something later", async ({
  fleet,
}) => {
  fleet.refusing = [TRAIN.url, HOOK.url];
  await fleet.calls(100);
  await fleet.shift();
  const before = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(before);
  fleet.nowMs += 30 * DAY_MS;
  await fleet.calls(100);
  await look(before);
  fleet.refusing = [HOOK.url];
  fleet.nowMs += 2 * MINUTE_MS;
  await look(before);
  expect(fleet.toldSince()).toEqual([
    ...["alert firing", "retrain", "alert no-data", "retrain"],
    ...["alert no-data", "retrain"],
  ]);
  await before.close();
  fleet.refusing = [];
  const after = fleet.watch({ ...DRIFTING, webhook: HOOK });
  await look(after);
  expect(fleet.toldSince()).toEqual(["alert no-data"]);
  await after.close();
});
