import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { diff, type PackResult, pack, promote } from "@selvedge/packer";
import { landeOnnx } from "../demo/models/lande-to-onnx.mjs";
import { changeWeights, nudge } from "./fixtures/change-weights.ts";
import { countBytes } from "./fixtures/count-bytes.ts";
import { test } from "./fixtures/own-registry.ts";
import { expect, openBare, type Site } from "./fixtures/test.ts";

const MODEL = "lande";

/** Packs an ONNX file and serves it to everyone. */
async function release(
  onnx: Uint8Array,
  { registry, version, base }: { registry: string; version: string; base?: string },
): Promise<PackResult> {
  const model = join(registry, `${MODEL}-${version}.onnx`);
  await writeFile(model, onnx);
  const packed = await pack({ model, name: MODEL, version, registry, base });
  await promote({ name: MODEL, version, channel: "stable", registry });
  return packed;
}

/** Opens the page anew, predicts, stays until a version is ready, and says which one answered. */
async function visit(page: Page, site: Site, until: string): Promise<string> {
  await openBare(page, site);
  return await page.evaluate(
    async ({ name, version }) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const model = await selvedge.load(name);
      const data = new Float32Array(620).fill(0.01);
      await model.predict({ ngrams: { type: "float32", data, dims: [1, 620] } });
      if (model.info.version !== version)
        await new Promise<void>((resolve) => {
          model.on("update", (update) => {
            if (update.state === "ready" && update.version === version) resolve();
          });
        });
      const served = model.info.version;
      await selvedge.close();
      return served;
    },
    { name: MODEL, version: until },
  );
}

test("an update is fetched while the old version serves, and takes the bytes that diff says", async ({
  page,
  site,
  registry,
  context,
}) => {
  const first = landeOnnx();
  const { manifest, bytes } = await release(first, { registry, version: "1.0.0" });
  expect(await visit(page, site, "1.0.0")).toBe("1.0.0");

  const tuned = await changeWeights(first, { registry, manifest }, (weights) => nudge(weights));
  const retold = Buffer.from(
    tuned.toString("latin1").replace("selvedge demo", "selvedge DEMO"),
    "latin1",
  );
  let held = "1.0.0";
  for (const [version, onnx, base] of [
    ["1.1.0", tuned, "1.0.0"],
    ["1.2.0", retold, undefined],
    ["1.3.0", retold, undefined],
  ] as const) {
    await release(onnx, { registry, version, ...(base === undefined ? {} : { base }) });
    const predicted = await diff({ name: MODEL, from: held, to: version, registry });
    const fetched = countBytes(context);
    expect(await visit(page, site, version)).toBe(held);
    await expect.poll(() => fetched.bytes).toBe(predicted.fetched);
    const tensorBytes = predicted.items
      .filter(({ part }) => part === "tensor")
      .reduce((sum, item) => sum + item.fetched, 0);
    if (version === "1.1.0") {
      expect(predicted.items.filter(({ how }) => how === "delta").length).toBeGreaterThan(0);
      expect(tensorBytes).toBeLessThan(0.7 * bytes.content);
    } else expect(tensorBytes).toBe(0);
    if (version === "1.3.0") expect(fetched.requests).toBe(1);

    const after = countBytes(context);
    expect(await visit(page, site, version)).toBe(version);
    expect(after.requests).toBe(0);
    held = version;
  }
});
