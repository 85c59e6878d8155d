import { inSoak } from "./fixtures/faults.ts";
import { HostedRuntime, type RunWasm } from "./fixtures/fitted-runtime.ts";
import { watchPages } from "./fixtures/gaps.ts";
import { appends, EMPTY_SECTION, fails, isReplacedBy } from "./fixtures/host/faults.ts";
import type { Sleeper } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/waking.ts";

/** Hosts a wasm that only runs models, and lets the device know of it, as of one fitted to its own. */
async function hostRun(sleeper: Sleeper, { bytes, ref }: RunWasm): Promise<void> {
  const { host, backstage } = sleeper;
  host.misbehave(new RegExp(`/${ref.file.replaceAll(".", "\\.")}$`), isReplacedBy(bytes));
  const packs = (await sleeper.images()).map(({ pack }) => pack);
  const run = { ...ref, packs };
  await backstage.evaluate((run) => device.changeIndex((index) => ({ ...index, run })), run);
}

test("an image wakes in a wasm that only runs models, to the same bits", async ({ sleeper }) => {
  const runtime = await HostedRuntime.read();
  await hostRun(sleeper, runtime.complete());
  const visit = await sleeper.visit();
  expect(visit.opened).toMatchObject({ step: "run", code: "woken" });
  expect(visit.answers).toEqual(sleeper.answers);
  expect(await sleeper.started(visit)).toMatchObject({ step: "run", code: "woken" });
});

/** What only runs models and lacks a part of it. */
const LACKING: readonly (readonly [string, (runtime: HostedRuntime) => RunWasm])[] = [
  ["traps as it runs", (runtime) => runtime.without("_OrtRun")],
  ...inSoak(
    [
      "has no function that does anything",
      (runtime: HostedRuntime) => runtime.withoutAny(),
    ] as const,
    ["cannot allocate anything", (runtime: HostedRuntime) => runtime.without("_malloc")] as const,
  ),
];

for (const [what, wasm] of LACKING)
  test(`where what only runs models ${what}, all of the runtime wakes the same image`, async ({
    sleeper,
    browser,
  }) => {
    await hostRun(sleeper, wasm(await HostedRuntime.read()));
    const elsewhere = await browser.newContext();
    const page = await sleeper.open();
    const gaps = await watchPages(page, elsewhere);
    await gaps.start();
    const visit = await sleeper.load(page);
    expect(visit.answers).toEqual(sleeper.answers);
    const start = await sleeper.started(visit);
    expect(start).toMatchObject({ step: "full", code: "woken" });
    await gaps.report(`a runtime that ${what}`);
    await elsewhere.close();
    // The image was not to blame.
    expect(await sleeper.images()).toMatchObject([{ kind: "kept" }]);
    expect((await sleeper.visit()).opened).toMatchObject({ step: "full" });
  });

test("where what only runs models is not there, all of the runtime wakes the same image, and the host is asked what it has", async ({
  sleeper,
}) => {
  const { bytes, ref } = (await HostedRuntime.read()).complete();
  await hostRun(sleeper, { bytes, ref: { ...ref, file: "never-hosted.wasm" } });
  sleeper.host.misbehave(/never-hosted/, fails(404));
  const visit = await sleeper.visit();
  expect(visit.opened).toMatchObject({ step: "full", code: "woken" });
  expect(visit.opened.reason).toContain("never-hosted.wasm");
  expect(visit.answers).toEqual(sleeper.answers);
  const known = () =>
    sleeper.backstage.evaluate(async () => JSON.stringify(await device.indexes()));
  await expect.poll(known).not.toContain("never-hosted.wasm");
  // What the host has names none that only runs, and so nobody asks for one.
  const asked = () => sleeper.host.seen.filter(({ path }) => path.includes("never-hosted"));
  expect(asked()).toHaveLength(1);
  expect((await sleeper.visit()).opened).toMatchObject({ step: "full", code: "woken" });
  expect(asked()).toHaveLength(1);
});

test("where no wasm is what the index says, the model loads, and says why", async ({ sleeper }) => {
  const { bytes, ref } = (await HostedRuntime.read()).complete();
  await hostRun(sleeper, { bytes, ref: { ...ref, file: "never-hosted.wasm" } });
  sleeper.host.misbehave(/never-hosted/, fails(404));
  await sleeper.change(/ort-wasm-simd-threaded\.wasm$/, appends(EMPTY_SECTION));
  const visit = await sleeper.visit();
  expect(visit.opened).toMatchObject({ step: "none", code: "no-image" });
  expect(visit.opened.reason).toContain("ort-wasm-simd-threaded.wasm");
  expect(visit.answers).toEqual(sleeper.answers);
});

/** Lets every engine that was woken trap as it runs, whatever wasm it woke in. */
const TRAPS_AWAKE = `
  self.spoilWoken = (session) => {
    session.run = () => new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0,
      10, 5, 1, 3, 0, 0, 11,
    ]))).exports.trap();
  };
`;

test("where the image fails in all of the runtime too, a loaded engine answers, and the image is dropped", async ({
  sleeper,
  browser,
}) => {
  await hostRun(sleeper, (await HostedRuntime.read()).complete());
  await sleeper.prepareEngines(TRAPS_AWAKE);
  const elsewhere = await browser.newContext();
  const page = await sleeper.open();
  const gaps = await watchPages(page, elsewhere);
  await gaps.start();
  const visit = await sleeper.load(page);
  expect(visit.opened).toMatchObject({ step: "run" });
  expect(visit.answers).toEqual(sleeper.answers);
  expect(await sleeper.started(visit)).toMatchObject({
    ...{ step: "none", code: "failed" },
    reason: expect.stringContaining("unreachable"),
  });
  await gaps.report("an image that fails at each step");
  await elsewhere.close();
  await expect.poll(() => sleeper.images()).toMatchObject([{ kind: "quarantined" }]);
});

/** Lets every engine that was woken answer with another bit than it should. */
const WRONG_AWAKE = `
  self.spoilWoken = (session) => {
    const { run } = session;
    session.run = async (...given) => {
      const results = await run.apply(session, given);
      for (const { data } of Object.values(results)) new Uint8Array(data.buffer, data.byteOffset)[0] ^= 1;
      return results;
    };
  };
`;

test("where a woken engine is off by one bit, the check behind its first answer ends it", async ({
  sleeper,
}) => {
  await sleeper.prepareEngines(WRONG_AWAKE);
  const visit = await sleeper.visit();
  await expect
    .poll(() => sleeper.started(visit), { timeout: 30_000 })
    .toMatchObject({ step: "none", code: "wrong" });
  const later = await visit.page.evaluate(() => answersOf(globalThis.model, 0, 3));
  expect(later).toEqual(sleeper.answers);
  await expect.poll(() => sleeper.images()).toMatchObject([{ kind: "quarantined" }]);
});

test("and does so once the pack is here again, where the browser had evicted what it is held to", async ({
  sleeper,
}) => {
  await sleeper.prepareEngines(WRONG_AWAKE);
  const visit = await sleeper.visitAfter(() => device.evictPieces());
  expect(visit.opened.code).toBe("woken");
  await expect
    .poll(() => sleeper.started(visit), { timeout: 30_000 })
    .toMatchObject({ step: "none", code: "wrong" });
  const later = await visit.page.evaluate(() => answersOf(globalThis.model, 0, 3));
  expect(later).toEqual(sleeper.answers);
});
