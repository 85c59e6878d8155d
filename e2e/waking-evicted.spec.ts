import { fails } from "./fixtures/host/faults.ts";
import { SEGMENTS } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/waking.ts";

test("an engine wakes though the browser has evicted its pack, which is fetched behind the answers", async ({
  sleeper,
}) => {
  const pieces = () => sleeper.backstage.evaluate(() => device.countPieces());
  const whole = await pieces();
  const { opened, answers } = await sleeper.visitAfter(() => device.evictPieces());
  expect(opened.code).toBe("woken");
  expect(answers).toEqual(sleeper.answers);
  await expect.poll(pieces, { timeout: 30_000 }).toBe(whole);

  sleeper.host.seen.length = 0;
  const loaded = await sleeper.visitAfter(() => device.forgetHints());
  expect(loaded.answers).toEqual(sleeper.answers);
  expect(sleeper.host.sentOf(SEGMENTS)).toBe(0);
});

test("where an evicted pack cannot be fetched, the engine goes on, and the next visit has it fetched", async ({
  sleeper,
}) => {
  const pieces = () => sleeper.backstage.evaluate(() => device.countPieces());
  const whole = await pieces();
  await sleeper.change(/\/models\//, fails(503));
  const visit = await sleeper.visitAfter(() => device.evictPieces());
  expect(visit.opened.code).toBe("woken");
  await expect
    .poll(() => sleeper.host.seen.some(({ path }) => path.startsWith("/models/")))
    .toBe(true);
  const later = await visit.page.evaluate(() => answersOf(globalThis.model, 0, 3));
  expect(later).toEqual(sleeper.answers);
  expect(await pieces()).toBe(0);
  await visit.page.close();

  await sleeper.behave();
  expect((await sleeper.visit()).opened.code).toBe("woken");
  await expect.poll(pieces, { timeout: 30_000 }).toBe(whole);
});
