import {
  commitToTensors,
  type Manifest,
  type PredictionRecord,
  SelvedgeError,
  type Tolerance,
  toleranceFor,
  toleranceOf,
  type Variant,
} from "@selvedge/protocol";
import { messageOf } from "../message-of.ts";
import type { NamedTensor } from "../named-tensor.ts";
import { BlobSource } from "../registry/blob-source.ts";
import { type Engine, isEngine, openSession, runtimeVersions } from "../runtime/open-session.ts";
import { type RuntimeOptions, withRuntime } from "../runtime/with-runtime.ts";
import { compareTensors, type OutputComparison } from "./compare-tensors.ts";
import { findPack } from "./find-pack.ts";
import { type Capture, readCapture } from "./read-capture.ts";

/** What to run again. */
export interface ReplayOptions extends RuntimeOptions {
  /** The file that `selvedge.exportPrediction` made. */
  readonly file: string;
  readonly registry: string;
}

/** What came of running a prediction again. */
export interface ReplayResult {
  /** Whether it came out as it has to: to the bit, or within tolerance. */
  readonly ok: boolean;
  readonly record: PredictionRecord;
  /** What it is held to, and why not to the bit. */
  readonly expected:
    | { readonly kind: "exact" }
    | { readonly kind: "tolerance"; readonly reason: string };
  /** Whether every output is the same in every bit. */
  readonly isExact: boolean;
  readonly outputs: readonly OutputComparison[];
  /** What the device has told a collector of the tensors, if it told of this prediction. */
  readonly told: { readonly inputs: string; readonly outputs: string };
}

type Runnable = Variant & { readonly engine: Engine };

/**
 * Runs a captured prediction again, with the pack that answered it and its session's settings, and
 * compares the outputs: to the bit where the same build of onnxruntime-web ran it on WASM, within the
 * manifest's tolerance elsewhere.
 *
 * @throws SelvedgeError `capture-invalid`, `not-found`, `integrity` where the registry's bytes are not the
 * pack's, `model-unsupported` where the variant cannot be run here, `run-failed` where it refuses the inputs.
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const capture = await readCapture(options.file);
  return await withRuntime(options, () => replayCapture(capture, options.registry));
}

async function replayCapture(capture: Capture, registry: string): Promise<ReplayResult> {
  const { record } = capture.captured;
  const { folder, pack } = await findPack(registry, record);
  const { manifest } = pack;
  const variant = variantOf(manifest, record);
  const replayed = await run(variant, capture, await BlobSource.open(folder));
  const expected = await expectedOf(record, variant.engine);
  const outputs = capture.outputs.map((output) => {
    const tolerance =
      expected.kind === "exact" ? undefined : toleranceForOutput(manifest, variant, record, output);
    const again = replayed.find(({ name }) => name === output.name);
    return compareTensors(output, again, tolerance);
  });
  const { salt } = record;
  return {
    ok: outputs.every(({ outside }) => outside === 0),
    record,
    expected,
    isExact: outputs.every(({ differing }) => differing === 0),
    outputs,
    told: {
      inputs: await commitToTensors(salt, record.inputs),
      outputs: await commitToTensors(salt, record.outputs),
    },
  };
}

function variantOf(manifest: Manifest, { dtype, backend }: PredictionRecord): Runnable {
  const isMeant = (variant: Variant): variant is Runnable =>
    variant.dtype === dtype && variant.backends.includes(backend) && isEngine(variant.engine);
  const variant = manifest.variants.find(isMeant);
  if (variant !== undefined) return variant;
  throw new SelvedgeError(
    "capture-invalid",
    `${manifest.name}@${manifest.version} has no ${dtype} for ${backend} that can be run here, which the prediction says it ran. Export the prediction again.`,
  );
}

async function run(
  { engine, graph, tensors }: Runnable,
  { captured, inputs, outputs }: Capture,
  source: BlobSource,
): Promise<NamedTensor[]> {
  const bytesOf = async (sha256: string): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await source.find(sha256);
    if (bytes !== undefined) return bytes;
    throw new SelvedgeError(
      "integrity",
      `The registry does not have ${sha256} of the pack as it should be. Run "selvedge verify" on it.`,
    );
  };
  const weights = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { sha256 } of tensors) weights.set(sha256, await bytesOf(sha256));
  const { graphOptimizationLevel: optimization, prepacking } = captured.record.settings ?? {};
  const session = await openSession(
    { engine, graph: await bytesOf(graph.sha256), weights },
    { ...(optimization === undefined ? {} : { optimization }), prepacking: prepacking ?? true },
  );
  try {
    return await session.run(
      inputs,
      outputs.map(({ name }) => name),
    );
  } catch (cause) {
    if (cause instanceof SelvedgeError) throw cause;
    throw new SelvedgeError(
      "run-failed",
      `The model could not be run on the captured inputs: ${messageOf(cause)}. It ran on the device; check that this is the pack, and the version of Selvedge.`,
      { cause },
    );
  } finally {
    await session.close();
  }
}

/** The same build of the same runtime has to give the same bits; another adds in another order. */
async function expectedOf(
  { backend, build, runtime }: PredictionRecord,
  engine: Engine,
): Promise<ReplayResult["expected"]> {
  const versions = await runtimeVersions([engine]);
  const here = `onnxruntime-web ${versions["onnxruntime-web"]}`;
  const isSame = engine === "onnx" && backend === "wasm" && build === "wasm" && runtime === here;
  if (isSame) return { kind: "exact" };
  const there = `${runtime} ${build} on ${backend}`;
  return {
    kind: "tolerance",
    reason: `it ran in ${there}, and here in ${engine === "onnx" ? here : engine} on wasm`,
  };
}

/** Outputs of different sizes have tolerances of their own: the widest that a golden answer has. */
function toleranceForOutput(
  manifest: Manifest,
  variant: Variant,
  { backend }: PredictionRecord,
  { name }: NamedTensor,
): Tolerance | undefined {
  const tolerance = toleranceOf(manifest, variant, backend);
  if (tolerance === undefined) return undefined;
  const alike = manifest.golden.cases
    .flatMap(({ outputs }) => outputs)
    .filter((output) => output.name === name)
    .map((output) => toleranceFor(output, tolerance));
  const [first = tolerance, ...others] = alike;
  return others.reduce((widest, one) => (one.absolute > widest.absolute ? one : widest), first);
}
