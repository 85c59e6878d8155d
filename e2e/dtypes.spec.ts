import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCollector } from "@selvedge/collector";
import { landeOnnx } from "../demo/models/lande-to-onnx.mjs";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { test as base, expect, openBare } from "./fixtures/test.ts";
import { ASSETS, BARE_PAGE, CLI, ROOT } from "./places.ts";

/** Tests with a registry of their own that holds one model in every precision. */
const test = base.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  site: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-"));
    const registry = join(folder, "registry");
    const model = join(folder, "lande.onnx");
    await writeFile(model, landeOnnx());
    const run = (...args: string[]) =>
      execFileSync("node", [CLI, ...args, "--registry", registry], { cwd: ROOT, stdio: "pipe" });
    const dtypes = ["--dtype", "fp32,fp16,q8,q8-storage"];
    run("pack", model, "--name", "lande", "--version", "1.0.0", ...dtypes);
    run("promote", "lande@1.0.0", "--channel", "stable");
    const collector = await startCollector({
      registryDir: registry,
      dataDir: join(folder, "data"),
      port: 0,
      mounts: { "/bare/": BARE_PAGE, "/selvedge/": ASSETS },
    });
    await use({ url: collector.url });
    await collector.close();
    await rm(folder, { recursive: true, force: true });
  },
});

const executablePath = process.env["SELVEDGE_CHROMIUM"];

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

test("each precision answers like fp32 where it may run, and fetches less", async ({
  page,
  site,
}) => {
  await openBare(page, site);
  const results = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const ngrams = { type: "float32", data, dims: [1, 620] } as const;
    const places = [
      ["auto", "wasm"],
      ["fp32", "wasm"],
      ["fp16", "wasm"],
      ["q8", "wasm"],
      ["fp16", "webgpu"],
      ["q8-storage", "webgpu"],
    ] as const;
    const answers: { dtype: string; backend: string; bytes: number; values: number[] }[] = [];
    for (const [dtype, backend] of places) {
      await selvedge.cache.clear();
      let bytes = 0;
      const model = await selvedge.load("lande", {
        dtype,
        backend,
        onProgress({ total }) {
          bytes = Math.max(bytes, total);
        },
      });
      const { outputs } = await model.predict({ ngrams });
      const { dtype: chosen, backend: place } = model.info;
      const values = Array.from(outputs["probabilities"]?.data ?? [], Number);
      answers.push({ dtype: chosen, backend: place, bytes, values });
      await model.dispose();
    }
    await selvedge.close();
    return answers;
  });
  const [auto, fp32, ...others] = results;
  expect(auto).toEqual(fp32);
  expect(fp32).toMatchObject({ dtype: "fp32", backend: "wasm" });
  expect(others.map(({ dtype, backend }) => `${dtype} on ${backend}`)).toEqual([
    "fp16 on wasm",
    "q8 on wasm",
    "fp16 on webgpu",
    "q8-storage on webgpu",
  ]);
  for (const { bytes, values } of others) {
    expect(bytes).toBeLessThan((fp32?.bytes ?? 0) * 0.7);
    const off = values.map((value, i) => Math.abs(value - (fp32?.values[i] ?? Number.NaN)));
    expect(Math.max(...off)).toBeLessThan(0.05);
  }
});

test("a precision that the backend is not allowed is no-candidate, and names those that are", async ({
  page,
  site,
}) => {
  await openBare(page, site);
  const failures = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const failureOf = (dtype: "q8" | "q8-storage", backend: "wasm" | "webgpu") =>
      selvedge.load("lande", { dtype, backend }).then(
        () => "loaded",
        (error: unknown) =>
          error instanceof selvedgeModule.SelvedgeError
            ? `${error.code}: ${error.message}`
            : "other",
      );
    const found = [await failureOf("q8", "webgpu"), await failureOf("q8-storage", "wasm")];
    await selvedge.close();
    return found;
  });
  expect(failures).toEqual([
    "no-candidate: lande@1.0.0 can run on none of what was asked for (webgpu): q8 on webgpu: the pack allows q8 on wasm only. It is packed there as fp32, fp16, q8-storage: ask for one of those.",
    "no-candidate: lande@1.0.0 allows q8-storage on webgpu only, and fp32, fp16, q8 on wasm. Ask for one of those.",
  ]);
});
