import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import * as ort from "onnxruntime-web";
import { pack } from "../packages/packer/dist/index.js";
import { bytesOfData } from "../packages/packer/dist/named-tensor.js";
import { prepareModel } from "../packages/packer/dist/passes/prepare-model.js";
import { readOfficialTest } from "./official-test.mjs";

// As the packer runs them: more threads would sum in another order.
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "fatal";

/** What taking weights out of a model may change: nothing, or the order of a sum. */
const SAME = { absolute: 1e-6, relative: 1e-5 };

/** What the official answers leave to an implementation. */
const OFFICIAL = { absolute: 1e-4, relative: 1e-3 };

const DTYPES = ["fp32", "fp16", "q8", "q8-storage"];

/**
 * Runs one official test unpacked, packs its model in every precision, and holds what comes of it
 * against the unpacked answers.
 *
 * @returns the model's opset, how it went unpacked, and where that ran, how it went `prepared` for
 * quantizing and in each dtype: an `outcome`, and a `reason` where there is something to say
 */
export async function judgeOfficialTest(folder) {
  const { model, opset, cases, skipped } = readOfficialTest(folder);
  if (skipped !== undefined) return { opset, unpacked: verdict("skipped", skipped) };
  try {
    const run = await open(await readFile(model), []);
    for (const official of cases) official.answers = await run(official.inputs);
  } catch (error) {
    return { opset, unpacked: verdict("does not run", error.message) };
  }
  const wrong = cases
    .map(({ answers, outputs }) => difference(answers, outputs, OFFICIAL))
    .find((difference) => difference !== undefined);
  const unpacked =
    wrong === undefined ? verdict("runs") : verdict("runs, unlike the standard", wrong);
  const work = await mkdtemp(join(tmpdir(), "selvedge-conformance-"));
  try {
    const verdicts = { opset, unpacked, prepared: await judgePrepared({ model, cases }) };
    for (const dtype of DTYPES) verdicts[dtype] = await judgePacked({ model, cases, dtype, work });
    return verdicts;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Rewrites a model as for quantizing, which holds every pass against the answers before it. */
async function judgePrepared({ model, cases }) {
  // `pack` refuses these before it comes to this: nothing can be held to them.
  const isComparable = cases.every(({ answers }) => answers.every(hasFiniteValues));
  if (!isComparable) return verdict("not judged", "its answers are not finite");
  const golden = cases.map(({ inputs, answers }) => ({
    inputs: inputs.map(toNamedTensor),
    outputs: answers.map(toNamedTensor),
  }));
  try {
    const source = fromBinary(ModelProtoSchema, await readFile(model));
    const { warnings } = await prepareModel(source, golden);
    return warnings.length === 0 ? verdict("same") : verdict("left as it is", warnings.join(" "));
  } catch (error) {
    return verdict(error.name === "SelvedgeError" ? "refused" : "crashed", error.message);
  }
}

function toNamedTensor({ name, type, dims, data }) {
  return { name, dtype: type, dims, bytes: bytesOfData(data) };
}

async function judgePacked({ model, cases, dtype, work }) {
  const golden = join(work, "golden.json");
  const packing = {
    model,
    name: "m",
    version: "1.0.0",
    registry: join(work, dtype),
    dtypes: [dtype],
  };
  let packed;
  let refusal;
  try {
    await writeFile(golden, goldenText(cases));
    packed = await pack({ ...packing, golden });
  } catch (error) {
    if (error.name !== "SelvedgeError") return verdict("crashed", error.message);
    refusal = error.message;
    // Inputs that JSON has no number for, or answers that no device can be held to: others may do.
    if (dtype === "fp32") packed = await pack(packing).catch(() => undefined);
  }
  if (packed === undefined) return verdict("refused", refusal);
  const wrong = await wrongInPack(packed.manifest, { cases, registry: packing.registry });
  if (wrong !== undefined) return verdict("different", wrong);
  return refusal === undefined ? verdict("same") : verdict("same, golden inputs made", refusal);
}

/** @returns where a pack answers the official inputs otherwise than it may, in words */
async function wrongInPack(manifest, { cases, registry }) {
  const [{ graph, tensors, tolerance = {} }] = manifest.variants;
  const contents = await contentsOf(join(registry, "m"), manifest);
  const externalData = tensors.map((tensor) => ({ path: tensor.sha256, data: contents(tensor) }));
  try {
    const run = await open(contents(graph), externalData);
    for (const { inputs, answers } of cases) {
      const allowed = tolerance.wasm ?? tolerance.webgpu ?? SAME;
      const wrong = difference(await run(inputs), answers, allowed);
      if (wrong !== undefined) return wrong;
    }
  } catch (error) {
    return `does not run: ${error.message}`;
  }
  return undefined;
}

async function open(graph, externalData) {
  const session = await ort.InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    externalData,
    logSeverityLevel: 4,
  });
  return async (inputs) => {
    const feeds = inputs.map(({ name, type, dims, data }) => [
      name,
      new ort.Tensor(type, data, dims),
    ]);
    const outputs = await session.run(Object.fromEntries(feeds));
    return session.outputNames.map((name) => {
      const { type, dims, data } = outputs[name];
      return { name, type, dims: [...dims], data: data.slice() };
    });
  };
}

async function contentsOf(folder, { segments }) {
  const files = await Promise.all(
    segments.map(({ sha256 }) => readFile(join(folder, "segments", `${sha256}.bin`))),
  );
  return ({ at }) => new Uint8Array(files[at.segment].subarray(at.offset, at.offset + at.length));
}

function goldenText(cases) {
  return JSON.stringify({
    cases: cases.map(({ inputs }) => ({
      inputs: Object.fromEntries(
        inputs.map(({ name, type, dims, data }) => [
          name,
          {
            type,
            dims,
            data: Array.from(data, (value) => (typeof value === "bigint" ? Number(value) : value)),
          },
        ]),
      ),
    })),
  });
}

/** @returns where answers are further from the expected ones than they may be, in words */
function difference(answers, expected, { absolute, relative }) {
  for (const { name, type, dims, data } of expected) {
    const answer = answers.find((candidate) => candidate.name === name);
    if (answer === undefined) return `no output "${name}"`;
    if (answer.type !== type || answer.dims.join() !== dims.join())
      return `"${name}" is ${answer.type}[${answer.dims}] instead of ${type}[${dims}]`;
    const [is, should] = [answer, { type, data }].map(valuesOf);
    const at = should.findIndex((value, i) => {
      if (Object.is(is[i], value) || is[i] === value) return false;
      return !(
        Math.abs(Number(is[i]) - Number(value)) <=
        absolute + relative * Math.abs(Number(value))
      );
    });
    if (at !== -1) return `"${name}" is ${is[at]} instead of ${should[at]} at element ${at}`;
  }
  return undefined;
}

function hasFiniteValues(tensor) {
  return !tensor.type.startsWith("float") || valuesOf(tensor).every(Number.isFinite);
}

function valuesOf({ type, data }) {
  return type === "float16" ? Array.from(data, fromHalf) : Array.from(data);
}

function fromHalf(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? 2 ** -24 * fraction : 2 ** (exponent - 25) * (1024 + fraction));
}

function verdict(outcome, reason) {
  return reason === undefined
    ? { outcome }
    : { outcome, reason: reason.replace(/\s+/g, " ").trim() };
}
