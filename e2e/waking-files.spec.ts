import { appends, EMPTY_SECTION } from "./fixtures/host/faults.ts";
import { SEGMENTS } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/waking.ts";

/** Nothing to a parser, and another digest to everyone. */
const COMMENT = Buffer.from("\n// not what it was\n");

test("where the host has another wasm than its index says, it is not run on an image: the model loads", async ({
  sleeper,
}) => {
  await sleeper.change(/ort-wasm-simd-threaded\.wasm$/, appends(EMPTY_SECTION));
  const { opened, answers } = await sleeper.visit();
  expect(opened).toMatchObject({ step: "none", code: "no-image" });
  expect(opened.reason).toContain("ort-wasm-simd-threaded.wasm");
  expect(answers).toEqual(sleeper.answers);
  expect(sleeper.host.sentOf(SEGMENTS)).toBe(0);
});

test("where the host has other glue than its index says, the image is dropped, and a loaded engine answers", async ({
  sleeper,
}) => {
  await sleeper.change(/ort-wasm-simd-threaded\.mjs$/, appends(COMMENT));
  const visit = await sleeper.visit();
  expect(visit.answers).toEqual(sleeper.answers);
  await expect
    .poll(() => sleeper.started(visit), { timeout: 30_000 })
    .toMatchObject({
      step: "none",
      reason: expect.stringMatching(/ort-wasm-simd-threaded.mjs is not what/),
    });
  const later = await visit.page.evaluate(() => answersOf(globalThis.model, 0, 3));
  expect(later).toEqual(sleeper.answers);
  await expect.poll(() => sleeper.images()).toMatchObject([{ kind: "quarantined" }]);
  expect(sleeper.host.sentOf(SEGMENTS)).toBe(0);
});
