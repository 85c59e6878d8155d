import { type ElementType, SelvedgeError } from "@selvedge/protocol";
import type * as Ort from "onnxruntime-web";
import type { Tensor, TensorData, Tensors } from "../../tensor.ts";
import type { SessionHow } from "../../worker/engine-api.ts";
import type { EngineSession, SessionSource } from "../engine-session.ts";

/** Creates a session of onnxruntime-web whose larger weights come as a buffer each. */
export async function createOnnxSession(
  ort: typeof Ort,
  how: SessionHow,
  source: SessionSource,
): Promise<EngineSession> {
  const { graph, tensors } = source;
  const { backend } = how;
  let session: Ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(graph, {
      ...sessionOptions(how),
      externalData: tensors.map(({ name, data }) => ({
        path: name,
        data: data instanceof ArrayBuffer ? new Uint8Array(data) : data,
      })),
    });
  } catch (cause) {
    if (source.failure !== undefined) throw source.failure;
    throw new SelvedgeError(
      "session-failed",
      `onnxruntime-web could not create a session on ${backend}: ${messageOf(cause)}. Run "selvedge verify" on the pack, or try another backend or dtype.`,
      { cause, detail: { backend } },
    );
  }
  // The runtime has copied them by now, and a worker that waits for calls collects no garbage.
  for (const { data } of tensors) if (data instanceof ArrayBuffer) giveUp(data);
  return {
    async run(inputs: Tensors): Promise<Tensors> {
      let results: Ort.InferenceSession.OnnxValueMapType;
      try {
        results = await session.run(
          Object.fromEntries(
            Object.entries(inputs).map(([name, tensor]) => [name, toOrt(ort, tensor)]),
          ),
        );
      } catch (cause) {
        throw new SelvedgeError(
          "run-failed",
          `onnxruntime-web could not run the model on ${backend}: ${messageOf(cause)}. Check that the inputs' values and free dimensions are ones the model was made for.`,
          { cause, detail: { backend } },
        );
      }
      return Object.fromEntries(
        Object.entries(results).map(([name, value]) => [name, fromOrt(name, value)]),
      );
    },
    release: () => session.release(),
  };
}

function sessionOptions({
  backend,
  layout,
  graphOptimizationLevel,
  prepacking = true,
}: SessionHow): Ort.InferenceSession.SessionOptions {
  const provider =
    backend === "webgpu" && layout !== undefined
      ? ({ name: "webgpu", preferredLayout: layout } as const)
      : backend;
  return {
    executionProviders: [provider],
    ...(graphOptimizationLevel === undefined ? {} : { graphOptimizationLevel }),
    ...(prepacking ? {} : { extra: { session: { disable_prepacking: "1" } } }),
  };
}

function toOrt(ort: typeof Ort, { type, data, dims }: Tensor): Ort.Tensor {
  // onnxruntime-web's own types list every pair of type and array; ours were checked on the page.
  const make = ort.Tensor as unknown as new (
    type: ElementType,
    data: TensorData,
    dims: readonly number[],
  ) => Ort.Tensor;
  return new make(type, data, dims);
}

function fromOrt(name: string, value: Ort.OnnxValue): Tensor {
  if (!("data" in value) || !("dims" in value))
    throw new SelvedgeError(
      "run-failed",
      `The model's output "${name}" is not a tensor, which is all that Selvedge answers with. Pack a model whose outputs are tensors.`,
    );
  return { type: value.type, data: ownArray(value.data), dims: value.dims };
}

/**
 * Output data may be a view of the wasm's memory, or a Float16Array where the browser has one; what
 * leaves here owns its buffer, and float16 is bits.
 */
function ownArray(data: Ort.Tensor["data"]): TensorData {
  if (Array.isArray(data)) return data;
  const view = data as Exclude<TensorData, readonly string[]> & { constructor: { name: string } };
  if (view.constructor.name === "Float16Array")
    return new Uint16Array(view.buffer, view.byteOffset, view.length).slice();
  return view.byteLength === view.buffer.byteLength ? view : view.slice();
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** Frees a buffer that nobody reads any more, where the browser can. */
function giveUp(buffer: ArrayBuffer & { transfer?(bytes: number): ArrayBuffer }): void {
  // Equal tensors may be one buffer, which cannot be given up twice.
  if (buffer.byteLength > 0) buffer.transfer?.(0);
}
