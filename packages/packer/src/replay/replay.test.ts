import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { commitToTensors, type Manifest, type PredictionRecord } from "@selvedge/protocol";
import { beforeAll, expect, test } from "vitest";
import { addModel, filled, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { captureOf, floats, writeCapture } from "./capture.fixture.ts";
import { replay } from "./replay.ts";

const x = floats(
  "x",
  Array.from({ length: 512 }, (_, i) => i / 7),
);
/** What `y = x + 0.5` answers. */
const right = Array.from({ length: 512 }, (_, i) => Math.fround(Math.fround(i / 7) + 0.5));

let registry: string;
let manifest: Manifest;
let digest: string;

beforeAll(async () => {
  registry = await temporaryFolder();
  const model = await modelFile(addModel(filled("w", 512, 0.5)));
  ({ manifest, digest } = await pack({ model, name: "m", version: "1.0.0", registry }));
});

async function replayed(values: readonly number[], record: Partial<PredictionRecord> = {}) {
  const tensors = { inputs: [x], outputs: [floats("y", values)] };
  const captured = await captureOf(tensors, { digest, ...record });
  return await replay({ file: await writeCapture(captured), registry });
}

test("a prediction that ran on the same build comes out the same to the bit", async () => {
  const result = await replayed(right);
  expect(result).toMatchObject({ ok: true, isExact: true, expected: { kind: "exact" } });
  expect(result.outputs).toEqual([{ name: "y", elements: 512, differing: 0, outside: 0 }]);
});

test("one bit that differs there is told: which output, which element, and by how much", async () => {
  const values = [...right];
  const recorded = (right[300] ?? 0) + 2 ** -18;
  values[300] = recorded;
  const result = await replayed(values);
  expect(result).toMatchObject({ ok: false, isExact: false });
  const pair = { index: 300, recorded, replayed: right[300] };
  expect(result.outputs).toEqual([
    {
      name: "y",
      elements: 512,
      differing: 1,
      outside: 1,
      first: pair,
      furthest: { ...pair, by: 2 ** -18 },
    },
  ]);
});

test("a prediction of another build may be off by the pack's tolerance, and no more", async () => {
  const elsewhere = { build: "jspi" };
  const near = await replayed(
    right.map((value) => value + 2 ** -18),
    elsewhere,
  );
  expect(near).toMatchObject({ ok: true, isExact: false, expected: { kind: "tolerance" } });
  const far = await replayed(
    right.map((value, i) => (i === 7 ? value + 100 : value)),
    elsewhere,
  );
  expect(far.ok).toBe(false);
  expect(far.outputs[0]).toMatchObject({
    outside: 1,
    furthest: { index: 7, recorded: (right[7] ?? 0) + 100 },
  });
});

test("another version of the runtime is another build", async () => {
  const result = await replayed(right, { runtime: "onnxruntime-web 1.0.0" });
  expect(result.expected).toMatchObject({
    kind: "tolerance",
    reason: expect.stringContaining("1.0.0"),
  });
});

test("an output that was no number is told as one, and an answer without one is not near it", async () => {
  const result = await replayed(
    right.map((value, i) => (i === 3 ? Number.NaN : value)),
    { build: "jspi" },
  );
  expect(result.ok).toBe(false);
  expect(result.outputs[0]?.furthest).toMatchObject({ index: 3, recorded: "NaN", by: "Infinity" });
});

test("the settings that the device had chosen are those it is run with", async () => {
  const settings = { graphOptimizationLevel: "disabled", prepacking: false } as const;
  expect(await replayed(right, { settings })).toMatchObject({ ok: true, isExact: true });
});

test("it says what the device has told a collector of the tensors", async () => {
  const { told, record } = await replayed(right);
  expect(told.inputs).toBe(await commitToTensors(record.salt, record.inputs));
});

test("a pack under another version's name is found by its digest", async () => {
  expect(await replayed(right, { version: "9.9.9" })).toMatchObject({ ok: true });
});

test("a pack that the registry lacks is said to be missing", async () => {
  await expect(replayed(right, { digest: "1".repeat(64) })).rejects.toMatchObject({
    code: "not-found",
  });
  await expect(replayed(right, { model: "other" })).rejects.toMatchObject({ code: "not-found" });
});

test("a file whose tensors are not those of its record is refused", async () => {
  const captured = await captureOf({ inputs: [x], outputs: [floats("y", right)] }, { digest });
  const other = await captureOf(
    { inputs: [floats("x", right)], outputs: [floats("y", right)] },
    {},
  );
  const refused = { code: "capture-invalid" };
  const swapped = { ...captured, inputs: other.inputs };
  await expect(replay({ file: await writeCapture(swapped), registry })).rejects.toMatchObject(
    refused,
  );
  const empty = { ...captured, outputs: {} };
  await expect(replay({ file: await writeCapture(empty), registry })).rejects.toMatchObject(
    refused,
  );
  await expect(replay({ file: await writeCapture("{}"), registry })).rejects.toMatchObject(refused);
});

test("inputs that the model does not take are refused in its runtime's words", async () => {
  const tensors = { inputs: [floats("z", [1])], outputs: [floats("y", right)] };
  const file = await writeCapture(await captureOf(tensors, { digest }));
  await expect(replay({ file, registry })).rejects.toMatchObject({ code: "run-failed" });
});

test("a registry whose bytes are damaged is not run", async () => {
  const damaged = await temporaryFolder();
  const model = await modelFile(addModel(filled("w", 512, 0.5)));
  await pack({ model, name: "m", version: "1.0.0", registry: damaged });
  const segment = join(damaged, `m/segments/${manifest.segments[0]?.sha256}.bin`);
  await writeFile(
    segment,
    (await readFile(segment)).map((byte) => byte ^ 1),
  );
  const file = await writeCapture(
    await captureOf({ inputs: [x], outputs: [floats("y", right)] }, { digest }),
  );
  await expect(replay({ file, registry: damaged })).rejects.toMatchObject({ code: "integrity" });
});
