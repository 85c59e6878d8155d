import { SelvedgeError } from "@selvedge/protocol";
import type { GraphProto } from "onnx-buf";
import { withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { nodeLabel } from "../onnx/onnx-node.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";

/** Trees and the like. onnxruntime-web's WebGPU build is made without them, its WASM build with. */
const WASM_ONLY_DOMAIN = "ai.onnx.ml";

/**
 * Takes from variants the backends whose runtime lacks an operator of the model.
 *
 * @throws SelvedgeError `model-unsupported` for a dtype that no backend is left for.
 */
export function limitBackends(
  variants: readonly PackedVariant[],
  graph: GraphProto,
): PackedVariant[] {
  const node = withNestedGraphs(graph)
    .flatMap((each) => each.node)
    .find(({ domain }) => domain === WASM_ONLY_DOMAIN);
  if (node === undefined) return [...variants];
  const limited = variants.map((variant) => ({
    ...variant,
    backends: variant.backends.filter((backend) => backend !== "webgpu"),
  }));
  const left = limited.filter(({ backends }) => backends.length > 0);
  for (const variant of variants)
    if (!left.some(({ dtype }) => dtype === variant.dtype))
      throw new SelvedgeError(
        "model-unsupported",
        `The model cannot be packed as ${variant.dtype}, which is for WebGPU: onnxruntime's WebGPU build has no ${nodeLabel(node)}. Leave ${variant.dtype} out of --dtype.`,
      );
  return left;
}
