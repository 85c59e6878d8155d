import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model, Tensor } from "selvedge";
import {
  denseRelu,
  graphModel,
  layersModel,
  ramp,
  type TfjsFixture,
  tfjsFile,
} from "../packages/packer/src/tfjs/tfjs-model.fixture.ts";
import { expect, openBare, test as withRegistry } from "./fixtures/test.ts";
import { CLI, ROOT } from "./places.ts";

/** Tests with a registry of models of TensorFlow.js. */
const test = withRegistry.extend({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads what a fixture needs from this pattern
  registry: async ({}, use) => {
    const registry = await mkdtemp(join(tmpdir(), "selvedge-e2e-registry-"));
    const run = (...args: string[]) =>
      execFileSync("node", [CLI, ...args, "--registry", registry], { cwd: ROOT, stdio: "pipe" });
    const publish = async (name: string, fixture: TfjsFixture): Promise<void> => {
      run("pack", await tfjsFile(fixture), "--name", name, "--version", "1.0.0");
      run("promote", `${name}@1.0.0`, "--channel", "stable");
      run("verify", name);
    };
    await publish("graph", graphModel());
    await publish("layers", await layersModel());
    await publish("einsum", graphModel("Relu", "Einsum"));
    await use(registry);
    await rm(registry, { recursive: true, force: true });
  },
});

/** Loads a model, predicts twice on the same numbers, and tells what came of it. */
async function predictTwice({
  name,
  values,
  dims,
}: {
  name: string;
  values: number[];
  dims: number[];
}) {
  const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
  const model = await selvedge.load(name);
  const { info } = model;
  const data = Float32Array.from(values);
  const inputs = {
    [info.signature.inputs[0]?.name ?? ""]: { type: "float32", data, dims } as const,
  };
  const answers = [];
  for (const _ of [1, 2]) {
    const { outputs } = await model.predict(inputs);
    answers.push(
      Object.values(outputs).map((output) => ({
        ...output,
        data: Array.from(output.data, Number),
      })),
    );
  }
  await model.dispose();
  await selvedge.close();
  const [candidate] = info.candidates;
  const { runtime, backend, timings } = info;
  return { runtime, backend, timings, reason: candidate?.reason, answers };
}

/** What the last test leaves on the page between its two halves. */
declare const crashed: {
  readonly model: Model;
  readonly workers: readonly Worker[];
  readonly x: Tensor;
};

const ROW = { values: Array.from(ramp(32)), dims: [1, 32] };
const PICTURE = { values: Array.from(ramp(8 * 8 * 3)), dims: [1, 8, 8, 3] };

function expectDenseRelu(values: readonly number[] | undefined): void {
  const expected = denseRelu(ROW.values);
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(values?.[i]).toBeCloseTo(value, 4);
}

test("a graph model answers in wasm, under a policy without eval, and without a registry from then on", async ({
  bare: page,
  site,
  context,
}) => {
  const first = await page.evaluate(predictTwice, { name: "graph", ...ROW });
  expect(first).toMatchObject({
    runtime: { name: "tfjs", version: "4.22.0" },
    backend: "wasm",
    reason: expect.stringContaining("TensorFlow.js in wasm: output y is within"),
  });
  expect(first.answers[0]).toMatchObject([{ type: "float32", dims: [1, 16] }]);
  expectDenseRelu(first.answers[0]?.[0]?.data);
  expect(first.answers[1]).toEqual(first.answers[0]);

  await context.route("**/models/**", (route) => route.abort("internetdisconnected"));
  await openBare(page, site);
  const second = await page.evaluate(predictTwice, { name: "graph", ...ROW });
  expect(second.answers).toEqual(first.answers);
  expect(second.timings.fetchMs).toBe(0);
});

test("a layers model answers like TensorFlow.js itself", async ({ bare: page }) => {
  const { model, shards } = await layersModel();
  const { answers, reason } = await page.evaluate(predictTwice, { name: "layers", ...PICTURE });
  const [core, { loadLayersModel }] = await Promise.all([
    import("@tensorflow/tfjs-core"),
    import("@tensorflow/tfjs-layers"),
    import("@tensorflow/tfjs-backend-cpu"),
  ]);
  const [group] = model["weightsManifest"] as { weights: [] }[];
  const loaded = await loadLayersModel(
    core.io.fromMemory({
      modelTopology: model["modelTopology"] as object,
      weightSpecs: group?.weights ?? [],
      weightData: new Uint8Array(shards["weights.bin"] ?? []).buffer,
    }),
  );
  const plain = loaded.predict(core.tensor(PICTURE.values, PICTURE.dims));
  if (Array.isArray(plain)) throw new Error("the model has one output");
  expect(reason).toContain("TensorFlow.js in wasm");
  const values = Array.from(await plain.data());
  expect(answers[0]?.[0]?.dims).toEqual(plain.shape);
  for (const [i, value] of values.entries()) expect(answers[0]?.[0]?.data[i]).toBeCloseTo(value, 5);
});

test("a model of an operator that wasm lacks answers in plain JavaScript, and says why", async ({
  bare: page,
}) => {
  const { answers, reason } = await page.evaluate(predictTwice, { name: "einsum", ...ROW });
  expect(reason).toContain("not TensorFlow.js in wasm");
  expect(reason).toContain("Einsum");
  expect(reason).toContain("TensorFlow.js in plain JavaScript: output y is within");
  expectDenseRelu(answers[0]?.[0]?.data);
});

test("an engine that ends is followed by one that loads TensorFlow.js at once, and nothing else", async ({
  bare: page,
  context,
}) => {
  const started = page.waitForEvent("worker", (worker) => /engine/.test(worker.url()));
  await page.evaluate(predictTwice, { name: "graph", ...ROW });
  const engine = (await started).url();
  await page.evaluate(
    async ({ engine, values, dims }) => {
      const workers: Worker[] = [];
      const spawn = () => {
        const worker = new Worker(engine, { type: "module" });
        workers.push(worker);
        return worker;
      };
      const selvedge = selvedgeModule.createSelvedge({
        registry: "/models",
        workers: { engine: spawn },
      });
      const model = await selvedge.load("graph");
      const x = { type: "float32", data: Float32Array.from(values), dims } as const;
      await model.predict({ x });
      Object.assign(globalThis, { crashed: { model, workers, x } });
    },
    { engine, ...ROW },
  );
  const requested: string[] = [];
  context.on("request", (request) => requested.push(new URL(request.url()).pathname));
  const result = await page.evaluate(async () => {
    const { model, workers, x } = crashed;
    workers[0]?.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
    const { outputs } = await model.predict({ x });
    return { count: workers.length, values: Array.from(outputs["y"]?.data ?? [], Number) };
  });
  expect(result.count).toBe(2);
  expectDenseRelu(result.values);
  expect(requested.filter((path) => path.startsWith("/selvedge/ort"))).toEqual([]);
  expect(requested.filter((path) => path.startsWith("/selvedge/tfjs"))).not.toEqual([]);
});
