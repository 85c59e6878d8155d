import type { Dtype } from "@selvedge/protocol";
import type { GraphProto, NodeProto } from "onnx-buf";
import { isStandard } from "../onnx-node.ts";
import { PER_CHANNEL_OPSET } from "../passes/raise-opset.ts";
import { gatheredRows } from "./gathered-rows.ts";
import { halfWeights } from "./half-weights.ts";
import { integerConv } from "./integer-conv.ts";
import { integerMatMul } from "./integer-mat-mul.ts";
import type { KeptScales } from "./kept-scales.ts";
import { Quantizer, type Replacement } from "./quantizer.ts";
import { storedWeight } from "./stored-weight.ts";

/** The dtypes that a model can be packed in today. */
export type PackableDtype = Exclude<Dtype, "q4" | "q4f16">;

/** Every dtype that a model can be packed in, from the most precise. */
export const PACKABLE_DTYPES: readonly PackableDtype[] = ["fp32", "fp16", "q8", "q8-storage"];

/** Those that are made from fp32. */
export type QuantizedDtype = Exclude<PackableDtype, "fp32">;

/** How a dtype is made of a prepared fp32 model, and where the outcome may run. */
export interface Recipe {
  readonly backends: readonly string[];
  /** What a session keeps of a weight, as a multiple of its stored bytes. */
  readonly expansion: number;
  /** Rewrites the graph, whose weights may keep scales. */
  run(graph: GraphProto, opset: number, kept?: KeptScales): void;
}

/** Replaces a node, or passes it on with `undefined`. */
type Rule = (quantizer: Quantizer, node: NodeProto) => Replacement | undefined;

/** DynamicQuantizeLinear came with this opset, and the integer operators one before. */
const INTEGER_OPSET = 11;

/** Each dtype but fp32, which is the model as it is. */
export const RECIPES: Readonly<Record<QuantizedDtype, Recipe>> = {
  fp16: {
    backends: ["wasm", "webgpu"],
    // As stored, as float32, and packed for the kernels.
    expansion: 5,
    run: halfWeights,
  },
  // Which operator gets which treatment was measured: see docs/adr/0008-mix8-for-wasm.md.
  q8: {
    backends: ["wasm"],
    expansion: 2,
    run: (graph, opset, kept) =>
      rewrite(graph, kept, [
        gatheredRows,
        ...(opset >= INTEGER_OPSET ? [integerMatMul, integerConv] : []),
        ...(opset >= PER_CHANNEL_OPSET ? [storedWeight] : []),
      ]),
  },
  "q8-storage": {
    backends: ["webgpu"],
    expansion: 5,
    run: (graph, opset, kept) =>
      rewrite(graph, kept, [gatheredRows, ...(opset >= PER_CHANNEL_OPSET ? [storedWeight] : [])]),
  },
};

function rewrite(graph: GraphProto, kept: KeptScales | undefined, rules: readonly Rule[]): void {
  const quantizer = new Quantizer(graph, kept);
  graph.node = graph.node.flatMap((node) => {
    if (!isStandard(node)) return [node];
    for (const rule of rules) {
      const replacement = rule(quantizer, node);
      if (replacement !== undefined) return replacement;
    }
    return [node];
  });
}
