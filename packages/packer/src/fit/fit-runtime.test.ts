import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sha256 } from "@selvedge/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addModel, modelFile } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { graphModel, tfjsFile } from "../tfjs/tfjs-model.fixture.ts";
import { type FitOptions, type FitResult, fitRuntime } from "./fit-runtime.ts";
import { fittedPacks } from "./fitted-packs.ts";
import { hostRelease, installedRelease } from "./onnxruntime.fixture.ts";
import { packVariants } from "./profiled-models.ts";
import { runTrial } from "./trial.ts";
import type { Trial, TrialStep } from "./trial-request.ts";

const LIMITS = { timeoutMs: 60_000, signal: undefined };

describe("fitRuntime", () => {
  let folder: string;
  let options: FitOptions;
  let fit: FitResult;
  let digest: string;
  const asked: string[] = [];

  /** A registry with `x + w`, or something else of the two. */
  async function registryOf(opType: string) {
    const registry = join(folder, opType);
    const model = await modelFile(addModel(undefined, { opType }));
    const packed = await pack({ model, name: "small", version: "1.0.0", registry });
    return { registry, digest: packed.digest };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-fit-"));
    const hosted = await hostRelease(await installedRelease(), folder);
    const added = await registryOf("Add");
    digest = added.digest;
    options = { registry: added.registry, folder, ...hosted, settings: [{}] };
    fit = await fitRuntime({
      ...options,
      dims: { small: [{ x: [11, 512] }], "another-model": [{ x: [3] }] },
      onProgress: ({ title, done, all }) => asked.push(`${title} ${done}/${all}`),
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const url = (file: string) => pathToFileURL(join(folder, file)).href;
  const trialIn = async (wasm: Uint8Array<ArrayBuffer>, registry: string): Promise<Trial> => {
    const { files, index } = options;
    const [variant] = packVariants(await fittedPacks(registry), {});
    if (variant === undefined) throw new Error("nothing was packed");
    const [api, shim] = [url(files.api), url(files.shim)];
    const data = Float32Array.from({ length: 1024 }, (_, i) => i / 7);
    const run: TrialStep = {
      kind: "run",
      inputs: [{ name: "x", dtype: "float32", dims: [2, 512], data }],
    };
    return {
      files: { api, shim, glue: url(index.glue.file), wasm: url(index.full.file) },
      module: await WebAssembly.compile(wasm),
      facts: index.waking,
      model: (await variant.read()).model,
      settings: {},
      steps: [run, { kind: "write-down" }, run],
    };
  };

  it("keeps what loading takes, and much less for running", async () => {
    const full = options.index.full.bytes;
    const { load, run, models, packs, warnings } = fit;
    expect(run).toBeDefined();
    expect(load.wasm.length).toBeLessThan(0.45 * full);
    expect(run?.wasm.length).toBeLessThan(0.1 * full);
    expect(load.functions).toBeGreaterThan(5 * (run?.functions ?? Number.POSITIVE_INFINITY));
    const counts = { load: load.functions, run: run?.functions };
    expect(models).toEqual([{ title: "small@1.0.0 in fp32", ...counts }]);
    expect([packs, warnings]).toEqual([[digest], []]);
    expect(asked).toEqual(["small@1.0.0 in fp32 0/1"]);
  });

  it("answers in both as the full runtime does", async () => {
    const full = new Uint8Array(await readFile(join(folder, options.index.full.file)));
    const expected = await runTrial(await trialIn(full, options.registry), LIMITS);
    const loaded = await runTrial(await trialIn(fit.load.wasm, options.registry), LIMITS);
    expect(loaded.answers).toEqual(expected.answers);
    for (const image of [expected.image, loaded.image]) {
      const { steps, ...trial } = await trialIn(fit.run?.wasm ?? full, options.registry);
      const woken = await runTrial({ ...trial, image, steps: steps.slice(0, 1) }, LIMITS);
      expect(woken.answers).toEqual(expected.answers.slice(0, 1));
    }
  });

  it("loads the model again in a runtime that has it, or had it, open", async () => {
    const trial = await trialIn(fit.load.wasm, options.registry);
    const [run] = trial.steps;
    if (run?.kind !== "run") throw new Error("the trial runs nothing");
    const another: TrialStep = { kind: "another", inputs: run.inputs };
    const steps: TrialStep[] = [run, another, another, { kind: "release" }, another];
    const { answers } = await runTrial({ ...trial, steps }, LIMITS);
    expect(answers).toHaveLength(1);
  });

  it("traps where it is asked for what no model called", async () => {
    const other = await trialIn(fit.load.wasm, (await registryOf("Pow")).registry);
    await expect(runTrial(other, LIMITS)).rejects.toThrow(/unreachable/);
    const { run } = fit;
    if (run === undefined) throw new Error("there is nothing to run in");
    await expect(runTrial(await trialIn(run.wasm, options.registry), LIMITS)).rejects.toThrow();
  });

  it("fits a runtime that cannot be woken to loading alone", async () => {
    const { waking: _, ...index } = options.index;
    const { load, run } = await fitRuntime({ ...options, index });
    expect(load.functions).toBeGreaterThan(0);
    expect(run).toBeUndefined();
  });

  /** Packs a model that TensorFlow.js runs. */
  async function packDense(registry: string): Promise<void> {
    const model = await tfjsFile(graphModel());
    await pack({ model, name: "dense", version: "1.0.0", registry });
  }

  it("says so where a wasm cannot be taken apart", async () => {
    const wasm = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
    await writeFile(join(folder, "empty.wasm"), wasm);
    const full = { file: "empty.wasm", bytes: wasm.length, sha256: await sha256(wasm) };
    const fitting = fitRuntime({ ...options, index: { ...options.index, full } });
    await expect(fitting).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("empty.wasm cannot be fitted"),
    });
  });

  it("refuses a registry without models, a wasm that is another, and a damaged model", async () => {
    await expect(fitRuntime({ ...options, registry: join(folder, "none") })).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(fitRuntime({ ...options, registry: folder })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("Pack one into it first"),
    });
    const foreign = join(folder, "Foreign");
    await packDense(foreign);
    await expect(fitRuntime({ ...options, registry: foreign })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringContaining("runs in onnxruntime's WASM"),
    });
    const full = { ...options.index.full, sha256: "0".repeat(64) };
    await expect(
      fitRuntime({ ...options, index: { ...options.index, full } }),
    ).rejects.toMatchObject({ code: "integrity" });
    const { registry } = await registryOf("Sub");
    const segments = join(registry, "small/segments");
    for (const file of await readdir(segments)) await writeFile(join(segments, file), "nothing");
    await expect(fitRuntime({ ...options, registry })).rejects.toMatchObject({ code: "integrity" });
  });

  it("ends as soon as it is given up", async () => {
    const stop = new AbortController();
    const reason = new DOMException("SIGINT", "AbortError");
    const fitting = fitRuntime({
      ...options,
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    await expect(fitting).rejects.toBe(reason);
  });
});
