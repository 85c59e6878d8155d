import { type ElementType, SelvedgeError } from "@selvedge/protocol";
import type * as Ort from "onnxruntime-web";
import { giveUp } from "../../store/give-up.ts";
import type { Tensor, TensorData, Tensors } from "../../tensor.ts";
import type { SessionHow } from "../../worker/engine-api.ts";
import type { EngineSession, SessionSource } from "../engine-session.ts";
import { failureOf } from "../failure-of.ts";
import { DeviceWatch, type WatchedDevice } from "./watch-device.ts";

const REFUSED_RUN = {
  code: "run-failed",
  advice: "Check that the inputs' values and free dimensions are ones the model was made for.",
} as const;

/** Creates a session of onnxruntime-web whose larger weights come as a buffer each. */
export async function createOnnxSession(
  ort: typeof Ort,
  how: SessionHow,
  { graph, tensors }: SessionSource,
): Promise<EngineSession> {
  const { backend } = how;
  let session: Ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(graph, {
      ...sessionOptions(how),
      externalData: tensors.map(({ name, data }) => ({ path: name, data: new Uint8Array(data) })),
    });
  } catch (cause) {
    throw failureOf(cause, {
      what: `onnxruntime-web could not create a session on ${backend}`,
      refusal: {
        code: "session-failed",
        advice: 'Run "selvedge verify" on the pack, or try another backend or dtype.',
      },
      detail: { backend },
    });
  }
  // The runtime has copied them by now.
  for (const { data } of tensors) giveUp(data);
  const watch = backend === "webgpu" ? await watchDevice(ort) : undefined;
  return {
    async run(inputs: Tensors): Promise<Tensors> {
      let results: Ort.InferenceSession.OnnxValueMapType;
      try {
        const feeds = Object.fromEntries(
          Object.entries(inputs).map(([name, tensor]) => [name, toOrt(ort, tensor)]),
        );
        results = await (watch?.run(() => session.run(feeds)) ?? session.run(feeds));
      } catch (cause) {
        const what = `onnxruntime-web could not run the model on ${backend}`;
        throw failureOf(cause, { what, refusal: REFUSED_RUN, detail: { backend } }, watch?.isLost);
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

/** Keeps an eye on the device that onnxruntime-web has made for the session, where it tells of it. */
async function watchDevice(ort: typeof Ort): Promise<DeviceWatch | undefined> {
  const device = (await ort.env.webgpu.device) as WatchedDevice | undefined;
  return device === undefined ? undefined : new DeviceWatch(device);
}
