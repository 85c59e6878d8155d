import type { ModelProto, TensorProto } from "onnx-buf";
import { seededRandom } from "../golden/seeded-random.ts";
import { DataType } from "../onnx/onnx-model.fixture.ts";

/**
 * Moves every float initializer of a model as fine-tuning would: by Gaussian noise, the same each
 * time, of a share of the tensor's own deviation.
 */
export function fineTune(model: ModelProto, share = 1e-3): ModelProto {
  const random = seededRandom(1);
  // Box and Muller's method; 1 − random() is never 0.
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (const tensor of model.graph?.initializer ?? [])
    if (tensor.dataType === DataType.FLOAT) nudge(tensor, share, gaussian);
  return model;
}

function nudge(tensor: TensorProto, share: number, gaussian: () => number): void {
  const weights = new Float32Array(new Uint8Array(tensor.rawData).buffer);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const squares = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0);
  const step = share * Math.sqrt(squares / weights.length);
  tensor.rawData = new Uint8Array(weights.map((weight) => weight + step * gaussian()).buffer);
}
