import {
  encodeTfjsModel,
  inlineAddress,
  SelvedgeError,
  sha256,
  storedSize,
  storedType,
  type TfjsModel,
  type TfjsWeight,
  type TfjsWeightGroup,
} from "@selvedge/protocol";
import type { SplitModel, SplitTensor } from "../onnx/split-model.ts";
import { EXTERNAL_BYTES } from "../onnx/tensor-content.ts";
import { openTfjsSession } from "../runtime/tfjs-runtime.ts";

/**
 * Takes a TensorFlow.js model's weights apart: a tensor each, as it is stored, but for the small ones,
 * which ride in the graph. That is a `model.json` again, whose paths are the digests of the tensors.
 *
 * @param shards the bytes of each file that the model names
 * @throws SelvedgeError `model-invalid` or `model-unsupported`.
 */
export async function splitTfjsModel(
  model: TfjsModel,
  shards: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<SplitModel> {
  const tensors: SplitTensor[] = [];
  const groups: TfjsWeightGroup[] = [];
  const small: { weight: TfjsWeight; bytes: Uint8Array }[] = [];
  for (const { paths, weights } of model.weightsManifest) {
    const content = Buffer.concat(paths.map((path) => shards.get(path) ?? new Uint8Array()));
    let offset = 0;
    for (const weight of weights) {
      const bytes = new Uint8Array(content.subarray(offset, offset + storedSize(weight)));
      offset += bytes.length;
      if (bytes.length < EXTERNAL_BYTES) small.push({ weight, bytes });
      else {
        const digest = await sha256(bytes);
        const { name, shape } = weight;
        tensors.push({ name, dtype: storedType(weight), dims: shape, bytes, sha256: digest });
        groups.push({ paths: [digest], weights: [weight] });
      }
    }
  }
  if (small.length > 0)
    groups.push({
      paths: [inlineAddress(Buffer.concat(small.map(({ bytes }) => bytes)))],
      weights: small.map(({ weight }) => weight),
    });
  const graph = encode({ ...model, weightsManifest: groups });
  const weights = new Map(tensors.map(({ sha256: digest, bytes }) => [digest, bytes]));
  const session = await openTfjsSession({ graph, weights });
  await session.close();
  return { graph, tensors, declared: session.declared };
}

function encode(model: TfjsModel): Uint8Array<ArrayBuffer> {
  try {
    return new TextEncoder().encode(encodeTfjsModel(model));
  } catch (cause) {
    throw new SelvedgeError(
      "model-invalid",
      "The model's topology is nested too deeply to be written again. Convert the model again.",
      { cause },
    );
  }
}
