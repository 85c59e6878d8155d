import { type ElementType, parseTfjsModel, tfjsArtifacts } from "@selvedge/protocol";
import {
  engine,
  type NamedTensorMap,
  setBackend,
  type Tensor as TfTensor,
  tensor as tensorOf,
} from "@tensorflow/tfjs-core";
import type { EngineSession, SessionSource } from "../../engine/engine-session.ts";
import type { Tensor, Tensors } from "../../tensor.ts";
import type { Proof } from "../../worker/engine-api.ts";
import { loadTfjsModel, type TfjsModelRun } from "./load-tfjs-model.ts";

/**
 * TensorFlow.js has its operators in wasm and, all of them, in plain JavaScript. Which of those wasm
 * lacks shows only where a model is run, and whether they compute the same only in its answers.
 */
const PLACES = [
  { backend: "wasm", title: "TensorFlow.js in wasm" },
  { backend: "cpu", title: "TensorFlow.js in plain JavaScript" },
] as const;

/**
 * Creates a session of TensorFlow.js, in wasm where that gives the pack's golden answers, or else in
 * plain JavaScript.
 *
 * @throws Error where neither does, which says why.
 */
export async function createTfjsSession(
  { graph, tensors }: SessionSource,
  prove: (session: EngineSession) => Promise<Proof>,
): Promise<EngineSession> {
  const contents = new Map(tensors.map(({ name, data }) => [name, data]));
  const reasons: string[] = [];
  for (const { backend, title } of PLACES) {
    let model: TfjsModelRun | undefined;
    try {
      await setBackend(backend);
      const file = parseTfjsModel(new TextDecoder().decode(graph), "the model's graph");
      const artifacts = tfjsArtifacts(file, (path) => contents.get(path));
      model = await loadTfjsModel(file.format, artifacts);
      const session = sessionOf(model, backend);
      const { holds, finding } = await prove(session);
      if (holds) return { ...session, finding: [...reasons, `${title}: ${finding}`].join("; ") };
      reasons.push(`not ${title}, as ${finding}`);
    } catch (cause) {
      reasons.push(`not ${title}, as it failed: ${messageOf(cause)}`);
    }
    model?.dispose();
  }
  throw new Error(reasons.join("; "));
}

function sessionOf(model: TfjsModelRun, backend: string): EngineSession {
  return {
    async run(inputs: Tensors): Promise<Tensors> {
      // Another session of this worker may have ended on another one.
      if (engine().backendName !== backend) await setBackend(backend);
      // Whatever a run makes goes with it, however it ends: nothing else gives wasm memory back.
      engine().startScope();
      try {
        const feeds = Object.entries(inputs).map(([name, tensor]) => [name, toTf(tensor)]);
        const outputs: NamedTensorMap = await model.run(Object.fromEntries(feeds));
        return Object.fromEntries(await Promise.all(Object.entries(outputs).map(fromTf)));
      } finally {
        engine().endScope();
      }
    },
    release: async () => model.dispose(),
  };
}

function toTf({ type, data, dims }: Tensor): TfTensor {
  if (type !== "float32" && type !== "int32" && type !== "bool")
    throw new Error(`an input is ${type}, and TensorFlow.js takes float32, int32 and bool`);
  // Types and arrays were held against each other on the page.
  return tensorOf(data as Float32Array | Int32Array | Uint8Array, [...dims], type);
}

async function fromTf([name, tensor]: [string, TfTensor]): Promise<[string, Tensor]> {
  const type: ElementType | undefined = (["float32", "int32", "bool"] as const).find(
    (candidate) => candidate === tensor.dtype,
  );
  if (type === undefined)
    throw new Error(`output "${name}" holds ${tensor.dtype}s, and not numbers or booleans`);
  const data = await tensor.data();
  // In plain JavaScript an output may be the very array of a weight, which is not to be handed over.
  return [name, { type, data: data.slice(), dims: [...tensor.shape] }];
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
