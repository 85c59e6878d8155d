import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCollector } from "@selvedge/collector";
import { blobsOf, DTYPES, type Dtype, manifestPath, parseManifest } from "@selvedge/protocol";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { test as base, expect } from "./fixtures/test.ts";
import { VARIED_DIMS, variedModel } from "./fixtures/varied-model.ts";
import { ASSETS, BARE_PAGE, CLI, ROOT } from "./places.ts";

/** Tests with a tiny model of every kind of operator, in every precision. */
const test = base.extend<{ registry: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  registry: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), "selvedge-e2e-"));
    const registry = join(folder, "registry");
    const file = join(folder, "varied.onnx");
    await writeFile(file, variedModel());
    const run = (...args: string[]) =>
      execFileSync("node", [CLI, ...args, "--registry", registry], { cwd: ROOT, stdio: "pipe" });
    run("pack", file, "--name", "varied", "--version", "1.0.0", "--dtype", DTYPES.join());
    run("promote", "varied@1.0.0", "--channel", "stable");
    // In Node, on WASM: what needs a GPU's features is held to its tolerance there.
    run("verify", "varied");
    await use(registry);
    await rm(folder, { recursive: true, force: true });
  },
  site: async ({ registry }, use) => {
    const collector = await startCollector({
      registryDir: registry,
      dataDir: join(registry, "..", "data"),
      port: 0,
      mounts: { "/bare/": BARE_PAGE, "/selvedge/": ASSETS },
    });
    await use({ url: collector.url });
    await collector.close();
  },
});

const executablePath = process.env["SELVEDGE_CHROMIUM"];

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

type Backend = "wasm" | "webgpu";

test("every variant gives its golden answers on every backend it claims, or is passed over for what the device lacks", async ({
  bare: page,
  registry,
}) => {
  // A session and a first run for every place, shaders compiled and computed in software.
  test.slow();
  const path = join(registry, manifestPath("varied", "1.0.0"));
  const { variants } = parseManifest(await readFile(path, "utf8"));
  expect(new Set(variants.map(({ dtype }) => dtype))).toEqual(new Set(DTYPES));
  const places = variants.flatMap(({ dtype, backends, requires, graph }) =>
    (["wasm", "webgpu"] as const)
      .filter((backend) => backends.includes(backend))
      .map((backend) => ({ dtype, backend, requires, graph: graph.sha256 })),
  );
  const hasHalf = await page.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    return adapter?.features.has("shader-f16") ?? false;
  });
  // SwiftShader has none: a device that does would have to be held to those variants too.
  expect(hasHalf).toBe(false);

  const outcomes = await page.evaluate(
    async ({ places, dims }: { places: { dtype: Dtype; backend: Backend }[]; dims: number[] }) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
      data.forEach((_, i) => {
        data[i] = Math.sin(i);
      });
      const found: { serving: string; values: number[] }[] = [];
      for (const { dtype, backend } of places) {
        await selvedge.cache.clear();
        try {
          const model = await selvedge.load("varied", { dtype, backend });
          const { outputs } = await model.predict({ x: { type: "float32", data, dims } });
          const [candidate] = model.info.candidates;
          const values = Array.from(outputs["y"]?.data ?? [], Number);
          found.push({ serving: `${candidate?.state} on ${model.info.backend}`, values });
          await model.dispose();
        } catch (error) {
          found.push({ serving: error instanceof Error ? error.message : "failed", values: [] });
        }
      }
      await selvedge.close();
      return found;
    },
    { places: places.map(({ dtype, backend }) => ({ dtype, backend })), dims: [...VARIED_DIMS] },
  );

  const [fp32] = outcomes;
  const largest = Math.max(...(fp32?.values ?? []).map(Math.abs));
  for (const [index, { dtype, backend, requires }] of places.entries()) {
    const { serving, values } = outcomes[index] ?? { serving: "missing", values: [] };
    const isAlone = !variants.some(
      (other) => other.dtype === dtype && other.requires.length < requires.length,
    );
    if (requires.length > 0 && isAlone) {
      expect(serving).toContain(`${dtype} requires shader-f16, which this GPU lacks`);
      continue;
    }
    expect(serving, `${dtype} on ${backend}`).toBe(`serving on ${backend}`);
    const off = values.map((value, i) => Math.abs(value - (fp32?.values[i] ?? Number.NaN)));
    expect(Math.max(...off), `${dtype} on ${backend}`).toBeLessThan(0.1 * largest);
  }
});

test("of two variants in one precision a device without shader-f16 fetches the one that does without", async ({
  bare: page,
  registry,
}) => {
  const path = join(registry, manifestPath("varied", "1.0.0"));
  const manifest = parseManifest(await readFile(path, "utf8"));
  const [needy, plain] = manifest.variants.filter(({ dtype }) => dtype === "fp16");
  expect([needy?.requires, plain?.requires]).toEqual([["shader-f16"], []]);
  const sizes = [needy, plain].map((variant) => {
    // Golden answers travel along.
    const own = variant === undefined ? [] : [variant];
    return blobsOf({ ...manifest, variants: own }).reduce((sum, { bytes }) => sum + bytes, 0);
  });
  expect(sizes[0]).not.toBe(sizes[1]);
  const stored = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    let bytes = 0;
    const onProgress = ({ total }: { total: number }) => {
      bytes = Math.max(bytes, total);
    };
    await selvedge.load("varied", { dtype: "fp16", backend: "webgpu", onProgress });
    await selvedge.close();
    return bytes;
  });
  expect(stored).toBe(sizes[1]);
});
