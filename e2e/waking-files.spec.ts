import { inSoak } from "./fixtures/faults.ts";
import { SEGMENTS } from "./fixtures/sleeper.ts";
import { expect, test } from "./fixtures/waking.ts";

/** Nothing to a parser, and another digest to everyone. */
const COMMENT = Buffer.from("\n// not what it was\n");
/** A section that no one reads. */
const SECTION = Buffer.from([0, 4, 3, 97, 98, 99]);

/** Files that the host has others of than when the image was made: they do the same, but are not the same. */
const FILES = [
  ["the wasm", /ort-wasm-simd-threaded\.wasm$/, SECTION] as const,
  ...inSoak(["the glue", /ort-wasm-simd-threaded\.mjs$/, COMMENT] as const),
];

for (const [what, path, addition] of FILES)
  test(`where the host has another file for ${what} than its index says, the image is dropped, and a loaded engine answers`, async ({
    sleeper,
  }) => {
    await sleeper.change(path, (answer) => ({
      ...answer,
      body: Buffer.concat([answer.body, addition]),
    }));
    const visit = await sleeper.visit();
    expect(visit.answers).toEqual(sleeper.answers);
    await expect
      .poll(() => sleeper.started(visit), { timeout: 30_000 })
      .toMatchObject({ step: "none" });
    const { reason } = await sleeper.started(visit);
    expect(reason).toMatch(/not the file that the image was made for/);
    const later = await visit.page.evaluate(() => answersOf(globalThis.model, 0, 3));
    expect(later).toEqual(sleeper.answers);
    await expect.poll(() => sleeper.images()).toMatchObject([{ kind: "quarantined" }]);
    expect(sleeper.host.sentOf(SEGMENTS)).toBe(0);
  });
