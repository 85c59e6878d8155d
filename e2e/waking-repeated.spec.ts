import type { Page } from "@playwright/test";
import { note } from "./fixtures/note.ts";
import { packSilero } from "./fixtures/silero.ts";
import { Sleeper } from "./fixtures/sleeper.ts";
import { expect, test as shared } from "./fixtures/test.ts";
import { test } from "./fixtures/waking.ts";

/** How often an engine is woken, and on how many inputs of each model it is held against one that was loaded. */
const WAKES = Number(process.env["SELVEDGE_WAKES"] ?? 5);
const VARIED = Number(process.env["SELVEDGE_VARIED"] ?? 50);

/** How many are asked for at a time. */
const BATCH = 250;

/** What a page's model answers to many inputs, to the last bit. */
async function saidBy(page: Page, count: number): Promise<string[]> {
  const answers: string[] = [];
  for (let from = 0; from < count; from += BATCH) {
    const range = { from, until: Math.min(from + BATCH, count) };
    answers.push(
      ...(await page.evaluate(({ from, until }) => answersOf(model, from, until), range)),
    );
  }
  return answers;
}

/** Loads a model with and without its image, and compares what both say. */
async function compare(sleeper: Sleeper, count: number): Promise<void> {
  const woken = await sleeper.visit();
  expect(woken.opened).toMatchObject({ code: "woken" });
  const said = await saidBy(woken.page, count);
  expect(await sleeper.started(woken)).toMatchObject({ code: "woken" });
  await woken.page.close();
  const loaded = await sleeper.visitAfter(() => device.forgetHints());
  expect(loaded.opened.step).toBe("none");
  expect(said).toEqual(await saidBy(loaded.page, count));
  await loaded.page.close();
  // Where numbers are large, a few answers come to the same.
  expect(new Set(said).size).toBeGreaterThan(count / 2);
  note("varied inputs", `${count} of ${sleeper.name}, woken and loaded: the same bits`);
}

test(`${VARIED} varied inputs are answered by a woken engine as by a loaded one`, async ({
  sleeper,
}) => {
  test.setTimeout(60_000 + VARIED * 500);
  await compare(sleeper, VARIED);
});

/** Wakes a model over and over, each time on a page of its own. */
async function wakeOften(sleeper: Sleeper, count: number): Promise<void> {
  for (let wake = 0; wake < count; wake++) {
    const { page, opened, answers } = await sleeper.visit();
    expect(opened).toMatchObject({ code: "woken" });
    expect(answers).toEqual(sleeper.answers);
    await page.close();
  }
  note("wakes", `${count} of ${sleeper.name}, all to the same bits`);
}

test(`an engine wakes ${WAKES} times, to the same bits`, async ({ sleeper }) => {
  test.setTimeout(60_000 + WAKES * 10_000);
  await wakeOften(sleeper, WAKES);
});

test("an engine that was suspended to make room wakes with its next call", async ({ sleeper }) => {
  const page = await sleeper.open();
  const { start, answers } = await page.evaluate(async (name) => {
    const memory = { budgetBytes: 1 };
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models", memory });
    globalThis.model = await selvedge.load(name, { backend: "wasm" });
    // What is used longest ago goes first.
    const other = await selvedge.load(name, { backend: "wasm" });
    const isSuspended = async () =>
      (await selvedge.memory()).models.some(({ state }) => state === "suspended");
    while (!(await isSuspended())) await answersOf(other, 0, 1);
    const answers = await answersOf(globalThis.model, 0, 3);
    return { start: globalThis.model.info.start, answers };
  }, sleeper.name);
  expect(start).toMatchObject({ code: "woken" });
  expect(answers).toEqual(sleeper.answers);
});

/** The larger ones: as often as is asked for, and not at all in `npm test`. */
for (const name of VARIED > 50 ? ["ocr-rec", "silero-vad"] : [])
  shared(
    `${VARIED} varied inputs of ${name} are answered as by a loaded engine, and it wakes ${WAKES} times`,
    async ({ browser, dataDir }) => {
      shared.setTimeout(300_000 + VARIED * 2_000 + WAKES * 20_000);
      if (name === "silero-vad") await packSilero(dataDir);
      const registry = name === "silero-vad" ? { registry: dataDir } : {};
      const sleeper = await Sleeper.arrive(browser, name, registry);
      await sleeper.fallAsleep();
      await compare(sleeper, VARIED);
      await sleeper.sleepAgain();
      await wakeOften(sleeper, WAKES);
      await sleeper.leave();
    },
  );
