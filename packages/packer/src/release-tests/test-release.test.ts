// One file, though long: each test is one way a release is tested, over the same two models.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelProto } from "onnx-buf";
import { beforeEach, describe, expect, test } from "vitest";
import {
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import type { PackOptions, PackProgress } from "../pack-options.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { input, noise, run } from "../runtime/run-model.fixture.ts";

/** How many classes the models here know. */
const CLASSES = 64;

/** `y = x · w`: of identity, the class is where x is largest. */
function matMul(weights: ArrayLike<number>, inputDims: (number | string)[]): ModelProto {
  return model(
    graph({
      input: [value("x", [...inputDims, CLASSES])],
      output: [value("y", [...inputDims, CLASSES])],
      initializer: [floats("w", [CLASSES, CLASSES], weights)],
      node: [node("MatMul", ["x", "w"], ["y"])],
    }),
  );
}

const identity = Float32Array.from({ length: CLASSES ** 2 }, (_, i) =>
  i % (CLASSES + 1) === 0 ? 1 : 0,
);
const mixing = noise(CLASSES ** 2, 5);
const classifier = matMul(identity, ["n"]);
const recognizer = matMul(identity, ["n", "steps"]);

const float32 = (dims: number[], data: ArrayLike<number>) => ({
  x: { type: "float32", dims, data: Array.from(data) },
});

/** A row for each class named, which the models of identity take for that class. */
const steps = (...classes: number[]) =>
  classes.flatMap((chosen) => Array.from({ length: CLASSES }, (_, i) => (i === chosen ? 1 : 0)));

describe("testing a release", () => {
  let folder: string;
  let registry: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    registry = join(folder, "registry");
  });

  async function file(name: string, content: unknown): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }
  const casesFile = (cases: unknown[], name = "cases.json") => file(name, { cases });
  const letters = () =>
    file("letters.txt", `\n${Array.from({ length: 61 }, (_, i) => `<${i}>`).join("\n")}\na\nb\n`);
  const packing = async (onnx: ModelProto, options: Partial<PackOptions>) =>
    pack({ model: await modelFile(onnx), name: "m", version: "1.0.0", registry, ...options });

  test("records what each precision came to, and the digests of the files", async () => {
    const evaluation = await casesFile([
      { inputs: float32([2, CLASSES], steps(3, 5)), label: [3, 5] },
      { inputs: float32([1, CLASSES], steps(7)), label: 2 },
    ]);
    const regression = await casesFile(
      [{ inputs: float32([1, CLASSES], steps(9)), label: 9 }],
      "regression.json",
    );
    const { manifest } = await packing(classifier, {
      dtypes: ["fp32", "fp16"],
      evaluation,
      metrics: [{ metric: "accuracy", min: 0.6 }, { metric: "top5" }],
      regression,
    });
    const digest = async (path: string) => {
      const bytes = await readFile(path);
      return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    };
    expect(manifest.tests).toEqual({
      evaluation: {
        ...(await digest(evaluation)),
        cases: 2,
        metrics: [{ metric: "accuracy", min: 0.6 }, { metric: "top5" }],
      },
      regression: { ...(await digest(regression)), cases: 1 },
    });
    expect(manifest.variants.map(({ dtype, metrics }) => [dtype, { ...metrics }])).toEqual([
      ["fp32", { accuracy: 0.666667, top5: 1 }],
      ["fp16", { accuracy: 0.666667, top5: 1 }],
      // The graph that computes in float16.
      ["fp16", { accuracy: 0.666667, top5: 1 }],
    ]);
  });

  test("gives the same bytes twice, and leaves no trace of the files in the manifest", async () => {
    const evaluation = await casesFile([{ inputs: float32([1, CLASSES], steps(3)), label: 3 }]);
    const metrics = [{ metric: "accuracy" as const, min: 1 }];
    const { digest } = await packing(classifier, { evaluation, metrics });
    const again = await packing(classifier, { evaluation, metrics });
    expect(again).toMatchObject({ digest, outcome: "unchanged" });
    const text = await readFile(join(registry, "m/1.0.0/manifest.json"), "utf8");
    expect(text).not.toContain("cases.json");
  });

  test("without tests, a manifest says nothing of any", async () => {
    const { manifest } = await packing(classifier, {});
    expect(manifest).not.toHaveProperty("tests");
    expect(manifest.variants[0]).not.toHaveProperty("metrics");
  });

  test("refuses a model below the bar, with value, bar, cases and the worst of them", async () => {
    const evaluation = await casesFile([
      { inputs: float32([1, CLASSES], steps(3)), label: 3 },
      { inputs: float32([1, CLASSES], steps(5)), label: 6, name: "the sixth" },
    ]);
    const refused = packing(classifier, {
      evaluation,
      metrics: [{ metric: "accuracy", min: 0.9 }],
    });
    await expect(refused).rejects.toMatchObject({
      code: "tests-failed",
      message: expect.stringContaining(
        'Evaluation file cases.json: accuracy of fp32 is 0.5 over 2 cases, and has to be 0.9 at least; worst: case 1 ("the sixth") with 0. Nothing was packed',
      ),
    });
    expect(await contentsOf(registry)).toEqual([]);
  });

  test("refuses the precision alone that falls short", async () => {
    const x = noise(CLASSES, 9);
    const onnx = matMul(mixing, ["n"]);
    const data = await run(onnx, input([1, CLASSES], x));
    const outputs = { y: { type: "float32", dims: [1, CLASSES], data } };
    const evaluation = await casesFile([{ inputs: float32([1, CLASSES], x), outputs }]);
    const refused = packing(onnx, {
      dtypes: ["fp32", "fp16", "q8"],
      evaluation,
      metrics: [{ metric: "rmse", max: 0.005 }],
    });
    await expect(refused).rejects.toMatchObject({
      code: "tests-failed",
      message: expect.stringMatching(
        /^Evaluation file cases\.json: rmse of q8 is 0\.\d+ over 1 case/,
      ),
      detail: { failures: [expect.stringContaining("q8")] },
    });
    const { manifest } = await packing(onnx, {
      dtypes: ["fp32", "fp16"],
      evaluation,
      metrics: [
        { metric: "rmse", max: 0.005 },
        { metric: "cosine", min: 0.99 },
      ],
    });
    expect(manifest.variants.map(({ metrics }) => metrics?.["rmse"])).toEqual([
      expect.closeTo(0, 5),
      expect.closeTo(0, 2),
      expect.closeTo(0, 2),
    ]);
  });

  test("reads text by greedy CTC, and measures what was misread", async () => {
    const evaluation = await casesFile([
      { inputs: float32([1, 5, CLASSES], steps(62, 62, 0, 62, 63)), label: "aab" },
      { inputs: float32([1, 3, CLASSES], steps(62, 0, 63)), label: "b" },
    ]);
    const tests = { evaluation, vocabulary: await letters() };
    const { manifest } = await packing(recognizer, {
      ...tests,
      metrics: [{ metric: "cer", min: 0.7 }, { metric: "exact" }],
    });
    expect({ ...manifest.variants[0]?.metrics }).toEqual({ cer: 0.25, exact: 0.5 });
    expect(manifest.tests).toMatchObject({
      evaluation: { metrics: [{ metric: "cer", max: 0.3 }, { metric: "exact" }] },
      vocabulary: { sha256: expect.any(String) },
    });
    const refused = packing(recognizer, { ...tests, metrics: [{ metric: "cer", min: 0.8 }] });
    await expect(refused).rejects.toMatchObject({
      message: expect.stringContaining(
        "cer of fp32 is 0.25 (score 0.75) over 2 cases, and has to be 0.2 (score 0.8) at most",
      ),
    });
  });

  test("names the regression cases that do not hold, ten at most", async () => {
    const wrong = Array.from({ length: 12 }, (_, i) => ({
      inputs: float32([1, CLASSES], steps(i)),
      label: i + 1,
    }));
    const holds = { inputs: float32([1, CLASSES], steps(20)), label: "a" };
    const regression = await casesFile([
      ...wrong,
      { ...holds, inputs: float32([1, CLASSES], steps(62)) },
    ]);
    await expect(
      packing(classifier, { regression, vocabulary: await letters() }),
    ).rejects.toMatchObject({
      code: "tests-failed",
      message: expect.stringMatching(
        /12 of 13 cases do not hold as fp32: case 0: it was taken for class 0 instead of 1, .*case 9: [^,]*, and 2 more\. Nothing was packed/,
      ),
    });
    expect(await contentsOf(registry)).toEqual([]);
  });

  test.each([
    [
      "an output",
      classifier,
      [1, CLASSES],
      steps(4),
      { outputs: { y: { type: "float32", dims: [1, CLASSES], data: steps(5) } } },
      'output "y" is 1 instead of 0 at element 4',
    ],
    [
      "a text",
      recognizer,
      [1, 2, CLASSES],
      steps(62, 63),
      { label: "ba" },
      '"ab" was read instead of "ba"',
    ],
  ])("a regression case holds by %s", async (_, onnx, dims, data, expected, why) => {
    const cases = [{ inputs: float32(dims, data), ...expected }];
    const tests = { regression: await casesFile(cases), vocabulary: await letters() };
    await expect(packing(onnx, tests)).rejects.toMatchObject({
      code: "tests-failed",
      message: expect.stringContaining(why),
    });
  });

  test("labels are about the output that is named, where there are several", async () => {
    const onnx = matMul(identity, ["n"]);
    onnx.graph?.output.push(value("opposite", ["n", CLASSES]));
    onnx.graph?.node.push(node("Neg", ["y"], ["opposite"]));
    const data = Array.from({ length: CLASSES }, (_, i) => i / CLASSES);
    const cases = [{ inputs: float32([1, CLASSES], data), label: 0 }];
    const tests = {
      evaluation: await casesFile(cases),
      metrics: [{ metric: "accuracy" as const, min: 1 }],
      regression: await casesFile(cases, "regression.json"),
    };
    await expect(packing(onnx, tests)).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining("the model has several; name one"),
    });
    await expect(packing(onnx, { ...tests, metricOutput: "y" })).rejects.toMatchObject({
      code: "tests-failed",
    });
    const { manifest } = await packing(onnx, { ...tests, metricOutput: "opposite" });
    expect(manifest.tests).toMatchObject({ output: "opposite" });
  });

  test("answers that are not finite fail, whatever the metric makes of them", async () => {
    const evaluation = await casesFile([
      { inputs: float32([1, CLASSES], new Array(CLASSES).fill(3e38)), label: 3 },
    ]);
    const onnx = matMul(new Float32Array(CLASSES ** 2).fill(2), ["n"]);
    await expect(
      packing(onnx, { evaluation, metrics: [{ metric: "accuracy" }] }),
    ).rejects.toMatchObject({
      code: "tests-failed",
      message: expect.stringContaining('case 0: output "y" is Infinity at element 0 as fp32'),
    });
  });

  const one = { inputs: float32([1, CLASSES], steps(3)) };
  test.each<[string, unknown, Partial<PackOptions>, string]>([
    ["no label", one, { metrics: [{ metric: "f1" }] }, "it has no label"],
    ["no text", { ...one, label: 3 }, { metrics: [{ metric: "cer" }] }, "it has no text"],
    [
      "a novel",
      { ...one, label: "a".repeat(10_001) },
      { metrics: [{ metric: "cer" }] },
      "10001 characters",
    ],
    [
      "no values",
      { ...one, label: "a" },
      { metrics: [{ metric: "mae" }] },
      "neither outputs nor numbers",
    ],
    [
      "a name nobody knows",
      { ...one, label: "z" },
      { metrics: [{ metric: "accuracy" }] },
      "--vocabulary",
    ],
    [
      "a class there is none of",
      { ...one, label: CLASSES },
      { metrics: [{ metric: "top5" }] },
      "they are 0 to 63",
    ],
    [
      "a class between two",
      { ...one, label: 0.5 },
      { metrics: [{ metric: "top5" }] },
      "label 0.5 is not a class",
    ],
    ["labels too many", { ...one, label: [1, 2] }, { metrics: [{ metric: "f1" }] }, "2 labels"],
    [
      "numbers too few",
      { ...one, label: [1, 2] },
      { metrics: [{ metric: "mse" }] },
      "64 elements, and 2",
    ],
    [
      "nothing to spread",
      { ...one, label: new Array(CLASSES).fill(1) },
      { metrics: [{ metric: "r2" }] },
      "r2 comes to NaN",
    ],
    [
      "an input of another size",
      { inputs: float32([1, 3], [1, 2, 3]), label: 1 },
      { metrics: [{ metric: "f1" }] },
      "[any, 64]",
    ],
    [
      "an output there is none of",
      { ...one, label: 1 },
      { metrics: [{ metric: "f1" }], metricOutput: "z" },
      'no output "z"',
    ],
    ["no metric", { ...one, label: 1 }, {}, "Name one with --metric"],
  ])("cases with %s are refused, and nothing is packed", async (_, test, options, why) => {
    const evaluation = await casesFile([test]);
    await expect(packing(classifier, { evaluation, ...options })).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(why),
    });
    expect(await contentsOf(registry)).toEqual([]);
  });

  test.each<[Partial<PackOptions>, string]>([
    [{ metrics: [{ metric: "f1" }] }, "--eval FILE"],
    [{ vocabulary: "letters.txt" }, "--regression FILE"],
  ])("%j without cases are refused", async (options, why) => {
    await expect(packing(classifier, options)).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining(why),
    });
  });

  test("a regression case without an answer is refused, since it always holds", async () => {
    const regression = await casesFile([one]);
    await expect(packing(classifier, { regression })).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringContaining("case 0: it has neither outputs nor a label"),
    });
  });

  test("tells of every case, and stops between two when it is told to", async () => {
    const regression = await casesFile(
      [1, 2, 3].map((label) => ({
        inputs: float32([1, CLASSES], steps(label)),
        label,
      })),
    );
    const controller = new AbortController();
    const seen: PackProgress[] = [];
    const aborted = packing(classifier, {
      regression,
      signal: controller.signal,
      onProgress: (progress) => {
        if (progress.phase === "test") seen.push(progress);
        if (progress.test?.done === 1) controller.abort();
      },
    });
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    expect(seen.map(({ test: progress }) => progress)).toEqual([
      { variant: "fp32", done: 0, of: 3 },
      { variant: "fp32", done: 1, of: 3 },
    ]);
    expect(await contentsOf(registry)).toEqual([]);
  });
});
