import { fromBinary } from "@bufbuild/protobuf";
import { type Dtype, elementCount } from "@selvedge/protocol";
import { TensorProto_DataType as DataType, ModelProtoSchema, type TensorProto } from "onnx-buf";
import { dimsOf, rawContent } from "../onnx/tensor-content.ts";
import type { BaseVersion } from "../registry/base-version.ts";
import type { BaseScales, WeightScales } from "./kept-scales.ts";

/** How recipes name a weight's integers, after the weight. */
const INTEGERS = ["/u8", "/i8", "/rows"];
/** How they name its scales. */
const SCALES = "/s";

/**
 * How a base version quantized its weights in a precision. Scales lie in the graph, or beside it
 * where there are many. A base without that precision quantized nothing.
 *
 * @throws SelvedgeError `registry-invalid` where its bytes are missing or damaged.
 */
export async function readBaseScales(base: BaseVersion, dtype: Dtype): Promise<BaseScales> {
  const scales = new Map<string, WeightScales>();
  const variant = base.variant(dtype);
  if (variant === undefined) return scales;
  const beside = new Map(variant.tensors.map((tensor) => [tensor.name, tensor]));
  const initializers = initializersOf(await base.read(variant.graph));
  for (const tensor of initializers.values()) {
    if (tensor.dataType !== DataType.FLOAT || !tensor.name.endsWith(SCALES)) continue;
    const weight = tensor.name.slice(0, -SCALES.length);
    const integers = INTEGERS.map((end) => initializers.get(weight + end)).find(Boolean);
    if (integers === undefined) continue;
    const ref = beside.get(tensor.name);
    const bytes = ref === undefined ? rawContent(tensor) : await base.read(ref);
    scales.set(weight, {
      scales: new Float32Array(new Uint8Array(bytes).buffer),
      elements: elementCount(dimsOf(integers)),
    });
  }
  return scales;
}

function initializersOf(graph: Uint8Array): Map<string, TensorProto> {
  try {
    const model = fromBinary(ModelProtoSchema, graph);
    return new Map((model.graph?.initializer ?? []).map((tensor) => [tensor.name, tensor]));
  } catch {
    // Its digest is right, so this is what was packed: the graph of another engine.
    return new Map();
  }
}
