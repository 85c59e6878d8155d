import { parseTfjsModel, SelvedgeError, type TfjsModel, tfjsArtifacts } from "@selvedge/protocol";
import { isRecord } from "../is-record.ts";
import { messageOf } from "../message-of.ts";
import type { DeclaredSignature } from "../onnx/signature.ts";
import { readRange } from "../registry/file-range.ts";
import type { WorkerSignature } from "./model-worker.ts";
import type { SessionSource } from "./onnx-runtime.ts";
import { openWorkerSession, type Session } from "./worker-session.ts";

/** A model in TensorFlow.js, in plain JavaScript, as any device could run it. */
export interface TfjsSession extends Session {
  readonly declared: DeclaredSignature;
}

/** The types that TensorFlow.js computes with, which are those of its inputs and outputs too. */
const TYPES = ["float32", "int32", "bool"] as const;

/** Which TensorFlow.js runs here. */
export async function tfjsVersion(): Promise<string> {
  // Loaded when it is needed: most models are ONNX.
  return (await import("@tensorflow/tfjs-core")).version_core;
}

/**
 * Opens a model in TensorFlow.js, in a thread as `openWorkerSession` has it. `graph` is a `model.json`,
 * whose paths `weights` are known by.
 *
 * @throws SelvedgeError `model-unsupported` where TensorFlow.js refuses the model, `model-invalid`
 * where the file is none.
 */
export async function openTfjsSession({ graph, weights }: SessionSource): Promise<TfjsSession> {
  const { format, extras, ...model } = parseTfjsModel(new TextDecoder().decode(graph));
  const artifacts = tfjsArtifacts({ format, extras, ...model }, (path) => {
    const content = weights.get(path);
    if (content === undefined) return undefined;
    // TensorFlow.js takes a model whole.
    return (content instanceof Uint8Array ? new Uint8Array(content) : readRange(content)).buffer;
  });
  const { session, opened } = await openWorkerSession({
    worker: "tfjs",
    title: "TensorFlow.js",
    request: (id) => ({ kind: "open-tfjs", session: id, format, artifacts }),
  }).catch((cause: unknown) => {
    throw cause instanceof SelvedgeError ? cause : refusal(cause, "load");
  });
  return {
    declared: declaredSignature(opened, extras["signature"]),
    run: async (inputs, wanted) => {
      for (const { name, dtype } of inputs)
        if (!TYPES.some((type) => type === dtype))
          throw new Error(`input "${name}" is ${dtype}, and TensorFlow.js takes ${TYPES.join()}`);
      return await session.run(inputs, wanted).catch((cause: unknown) => {
        throw isMissingKernel(cause) ? refusal(cause, "run") : cause;
      });
    },
    close: session.close,
  };
}

/** What TensorFlow.js says of a model, and where it says nothing of a shape, what the signature tells. */
function declaredSignature(
  { inputs, outputs }: WorkerSignature,
  signature: TfjsModel["extras"][string] | undefined,
): DeclaredSignature {
  const declare =
    (side: "inputs" | "outputs") =>
    ({ name, dtype, dims }: WorkerSignature["inputs"][number]) => ({
      name,
      dtype: TYPES.find((type) => type === dtype),
      dims: dims ?? signedDims(signature, side, name),
    });
  return { inputs: inputs.map(declare("inputs")), outputs: outputs.map(declare("outputs")) };
}

function signedDims(
  signature: TfjsModel["extras"][string] | undefined,
  side: "inputs" | "outputs",
  name: string,
): number[] | undefined {
  let value: unknown = signature;
  for (const key of [side, name, "tensorShape", "dim"])
    value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (!Array.isArray(value)) return undefined;
  const sizes = value.map((dim: unknown) => (isRecord(dim) ? Number(dim["size"]) : Number.NaN));
  return sizes.every(Number.isSafeInteger) ? sizes.map((size) => Math.max(size, -1)) : undefined;
}

/** Whether TensorFlow.js lacks an operator, whatever inputs a model is given. */
function isMissingKernel(error: unknown): boolean {
  return /^Kernel '.*' not registered|^Unknown op '/.test(messageOf(error));
}

function refusal(cause: unknown, verb: "load" | "run"): SelvedgeError {
  // TensorFlow.js goes on with advice on its own functions, over several lines.
  const [reason = ""] = messageOf(cause).split(/\n|\. (?:This may|File an)/);
  return new SelvedgeError(
    "model-unsupported",
    `TensorFlow.js cannot ${verb} the model: ${reason.replace(/\.$/, "")}. Layers and operators of its own cannot be packed.`,
    { cause },
  );
}
