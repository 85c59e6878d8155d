import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fitToModel } from "../fixtures/fitted-site.ts";
import { note } from "../fixtures/note.ts";
import { test as base, expect } from "./browser.ts";
import { WakingDevice } from "./waking-device.ts";

/** The smallest of the demo's models. */
const MODEL = "lande";

/** How often an engine is woken, and on how many inputs it is held against one that was loaded. */
const WAKES = Number(process.env["SELVEDGE_WAKES"] ?? 5);
const VARIED = Number(process.env["SELVEDGE_VARIED"] ?? 50);

/** How many are asked for at a time. */
const BATCH = 250;

/** Fitting the runtime, and making an image, which waits for idle time. */
const ASLEEP_TIMEOUT_MS = 600_000;

/** Tests on a device that has an image of a model: made once, by onnxruntime-web as it is, and there again for each test. */
const test = base.extend<{ sleeper: WakingDevice }, { asleep: WakingDevice }>({
  asleep: [
    async ({ browserUnderTest }, use) => {
      const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-waking-"));
      const site = await fitToModel(MODEL, folder);
      const sleeper = await WakingDevice.asleep(browserUnderTest, MODEL, site);
      await use(sleeper);
      await sleeper.leave();
      await rm(folder, { recursive: true, force: true });
    },
    { scope: "worker", timeout: ASLEEP_TIMEOUT_MS },
  ],
  sleeper: async ({ asleep }, use) => {
    await asleep.sleepAgain();
    await use(asleep);
  },
});

/** What the model answers to many inputs, to the last bit. */
async function saidBy(sleeper: WakingDevice): Promise<string[]> {
  const answers: string[] = [];
  for (let from = 0; from < VARIED; from += BATCH)
    answers.push(...(await sleeper.answersTo(from, Math.min(from + BATCH, VARIED))));
  return answers;
}

test(`a model wakes on the next visit, says so, and answers ${VARIED} inputs as one that was loaded`, async ({
  sleeper,
}) => {
  test.setTimeout(180_000 + VARIED * 100);
  const woken = await sleeper.visit();
  expect(woken.opened).toMatchObject({ step: "run", code: "woken" });
  expect(woken.opened.image?.bytes).toBeGreaterThan(100_000);
  const said = await saidBy(sleeper);
  // It has been held against what was written down meanwhile.
  expect(await sleeper.started()).toMatchObject({ step: "run", code: "woken" });
  await sleeper.backstage(() => device.forgetHints());
  const loaded = await sleeper.visit();
  expect(loaded.opened).toMatchObject({ step: "none", code: "not-known" });
  expect([woken.answers, said]).toEqual([loaded.answers, await saidBy(sleeper)]);
  expect(new Set(said).size).toBeGreaterThan(VARIED / 2);
});

test(`an engine wakes ${WAKES} times, to the same bits`, async ({ sleeper }) => {
  test.setTimeout(180_000 + WAKES * 10_000);
  for (let wake = 0; wake < WAKES; wake++) {
    const { opened, answers } = await sleeper.visit();
    expect(opened).toMatchObject({ code: "woken" });
    expect(answers).toEqual(sleeper.answers);
  }
  note("wakes", `${WAKES}, all to the same bits`);
});

for (const [what, spoil, reason] of [
  ["a bit of it is another", () => device.flipBit(0.5), /pages are not what was written/],
  [
    "it ends early",
    () => device.changePages((pages) => pages.subarray(0, pages.length - 4096)),
    /gone|not what was written/,
  ],
  [
    "its head says something else than was written",
    () => device.changeRecords((image) => ({ ...image, headDigest: "ab".repeat(32) })),
    /head is not what was written/,
  ],
  [
    "it is one of another model",
    () => device.changeHeads((head) => ({ ...head, key: "ab".repeat(32) })),
    /one of something else/,
  ],
] as const)
  test(`an image is not woken when ${what}: the model loads, says why, and answers as ever`, async ({
    sleeper,
  }) => {
    await sleeper.backstage(spoil);
    const { opened, answers } = await sleeper.visit();
    expect(opened).toMatchObject({ step: "none", reason: expect.stringMatching(reason) });
    expect(answers).toEqual(sleeper.answers);
  });

test("where what only runs models is gone from the host, all of the runtime wakes the image", async ({
  sleeper,
}) => {
  // One of another name and digest: what the page remembers of the one that is there is not it either.
  await sleeper.backstage(() =>
    device.changeIndex((index) => ({
      ...index,
      run: { ...Object(index["run"]), file: "gone.wasm", sha256: "ab".repeat(32) },
    })),
  );
  const { opened, answers } = await sleeper.visit();
  expect(opened).toMatchObject({ step: "full", code: "woken" });
  expect(answers).toEqual(sleeper.answers);
});

test("an image that another tab has open is woken all the same", async ({ sleeper }) => {
  await sleeper.backstage(async () => {
    window.closeImage = await device.openImage();
  });
  const { opened, answers } = await sleeper.visit();
  expect(opened).toMatchObject({ code: "woken" });
  expect(answers).toEqual(sleeper.answers);
});

test("two tabs that open together both wake", async ({ sleeper }) => {
  for (const { opened, answers } of await sleeper.visitTwice()) {
    expect(opened).toMatchObject({ code: "woken" });
    expect(answers).toEqual(sleeper.answers);
  }
});
