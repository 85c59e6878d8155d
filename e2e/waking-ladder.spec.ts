import { HostedRuntime, type RunWasm } from "./fixtures/fitted-runtime.ts";
import { watchPages } from "./fixtures/gaps.ts";
import { isReplacedBy } from "./fixtures/host/faults.ts";
import type { Sleeper } from "./fixtures/sleeper.ts";
import { test as base, expect } from "./fixtures/waking.ts";

const test = base.extend<object, { runtime: HostedRuntime }>({
  runtime: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
    async ({}, use) => use(await HostedRuntime.read()),
    { scope: "worker" },
  ],
});

/** Hosts a wasm that only runs models, and lets the device know of it. */
async function hostRun({ host, backstage }: Sleeper, { bytes, ref }: RunWasm): Promise<void> {
  host.misbehave(new RegExp(`/${ref.file.replaceAll(".", "\\.")}$`), isReplacedBy(bytes));
  await backstage.evaluate((run) => device.changeIndex((index) => ({ ...index, run })), ref);
}

test("an image wakes in a wasm that only runs models, to the same bits", async ({
  sleeper,
  runtime,
}) => {
  await hostRun(sleeper, runtime.complete());
  const visit = await sleeper.visit();
  expect(visit.opened).toMatchObject({ step: "run", code: "woken" });
  expect(visit.answers).toEqual(sleeper.answers);
  expect(await sleeper.started(visit)).toMatchObject({ step: "run", code: "woken" });
});

/** What only runs models and lacks a part of it. */
const LACKING: readonly (readonly [string, (runtime: HostedRuntime) => RunWasm])[] = [
  ["traps as it runs", (runtime) => runtime.without("_OrtRun")],
  ["has no function that does anything", (runtime) => runtime.withoutAny()],
];

for (const [what, wasm] of LACKING)
  test(`where what only runs models ${what}, all of the runtime wakes the same image`, async ({
    sleeper,
    runtime,
    browser,
  }) => {
    await hostRun(sleeper, wasm(runtime));
    const elsewhere = await browser.newContext();
    const page = await sleeper.open();
    const gaps = await watchPages(page, elsewhere);
    await gaps.start();
    const visit = await sleeper.load(page);
    expect(visit.answers).toEqual(sleeper.answers);
    const start = await sleeper.started(visit);
    console.log(JSON.stringify(start));
    expect(start).toMatchObject({ step: "full", code: "woken" });
    await gaps.report(`a runtime that ${what}`);
    await elsewhere.close();
    // The image was not to blame.
    expect(await sleeper.images()).toMatchObject([{ kind: "kept" }]);
    expect((await sleeper.visit()).opened).toMatchObject({ step: "full" });
  });
