import { Sleeper } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/test.ts";

test("a model that was proven is written down, and the next visit wakes it, to the same bits", async ({
  browser,
}) => {
  const sleeper = await Sleeper.arrive(browser, "lande");
  const first = await sleeper.fallAsleep();
  expect(first.opened).toMatchObject({ step: "none", code: "not-known" });
  const second = await sleeper.visit();
  console.log(JSON.stringify(second.opened), JSON.stringify(first.opened));
  expect(second.opened).toMatchObject({ step: "full", code: "woken" });
  expect(second.answers).toEqual(sleeper.answers);
  await sleeper.leave();
});
