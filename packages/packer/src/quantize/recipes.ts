import type { Dtype } from "@selvedge/protocol";
import type { GraphProto, NodeProto } from "onnx-buf";
import { isStandard } from "../onnx/onnx-node.ts";
import { dropUnusedInitializers } from "../onnx/settle-initializers.ts";
import { PER_CHANNEL_OPSET } from "../passes/raise-opset.ts";
import { blockedMatMul } from "./blocked-mat-mul.ts";
import { gatheredRows } from "./gathered-rows.ts";
import { halfWeights } from "./half-weights.ts";
import { integerConv } from "./integer-conv.ts";
import { integerMatMul } from "./integer-mat-mul.ts";
import type { KeptScales } from "./kept-scales.ts";
import { Quantizer, type Replacement } from "./quantizer.ts";
import { storedWeight } from "./stored-weight.ts";

/** The dtypes that a model can be packed in today. */
export type PackableDtype = Dtype;

/** Every dtype that a model can be packed in, from the most precise. */
export const PACKABLE_DTYPES: readonly PackableDtype[] = [
  "fp32",
  "fp16",
  "q8",
  "q8-storage",
  "q4",
  "q4f16",
];

/** Those that are made from fp32. */
export type QuantizedDtype = Exclude<PackableDtype, "fp32">;

/** How a variant is made of a prepared fp32 model, and where the outcome may run. */
export interface Recipe {
  readonly backends: readonly string[];
  /** Device features it cannot run without. */
  readonly requires: readonly string[];
  /** What the graph computes in; a graph in float16 is made of what `run` leaves. */
  readonly computesIn: "float32" | "float16";
  /** Whether the dtype is packed without it where it comes to nothing. */
  readonly isOptional: boolean;
  /** Rewrites the graph, whose weights may keep scales. */
  run(graph: GraphProto, opset: number, kept?: KeptScales): void;
}

/** Replaces a node, or passes it on with `undefined`. */
type Rule = (quantizer: Quantizer, node: NodeProto) => Replacement | undefined;

/** DynamicQuantizeLinear came with this opset, and the integer operators one before. */
const INTEGER_OPSET = 11;

/** The name that WebGPU has for shaders that compute in float16. */
const SHADER_F16 = "shader-f16";

const IN_FLOAT32 = { requires: [], computesIn: "float32", isOptional: false } as const;
const IN_FLOAT16 = {
  backends: ["webgpu"],
  requires: [SHADER_F16],
  computesIn: "float16",
} as const;

/**
 * Each dtype but fp32, which is the model as it is. A device takes the first recipe's outcome that it
 * can run. Which operator gets which treatment was measured: see docs/adr/0008-mix8-for-wasm.md and
 * docs/adr/0012-four-bits-and-float16-graphs.md.
 */
export const RECIPES: Readonly<Record<QuantizedDtype, readonly Recipe[]>> = {
  fp16: [
    // Its weights are those of the other: where both are packed, it costs a graph.
    { ...IN_FLOAT16, isOptional: true, run: () => undefined },
    {
      ...IN_FLOAT32,
      backends: ["wasm", "webgpu"],
      run: (graph) => halfWeights(graph),
    },
  ],
  q8: [
    {
      ...IN_FLOAT32,
      backends: ["wasm"],
      run: (graph, opset, kept) =>
        rewrite(graph, kept, [
          gatheredRows,
          ...(opset >= INTEGER_OPSET ? [integerMatMul, integerConv] : []),
          ...storedWeights(opset),
        ]),
    },
  ],
  "q8-storage": [
    {
      ...IN_FLOAT32,
      backends: ["webgpu"],
      run: (graph, opset, kept) => rewrite(graph, kept, [gatheredRows, ...storedWeights(opset)]),
    },
  ],
  q4: [
    {
      ...IN_FLOAT32,
      backends: ["wasm", "webgpu"],
      run(graph, opset, kept) {
        fourBits(graph, opset, kept);
        halfWeights(graph);
      },
    },
  ],
  q4f16: [{ ...IN_FLOAT16, isOptional: false, run: fourBits }],
};

/** Matrices in 4 bits, everything else in 8 where there is a way to. */
function fourBits(graph: GraphProto, opset: number, kept?: KeptScales): void {
  rewrite(graph, kept, [gatheredRows, blockedMatMul, ...storedWeights(opset)]);
}

function storedWeights(opset: number): Rule[] {
  return opset >= PER_CHANNEL_OPSET ? [storedWeight] : [];
}

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
  dropUnusedInitializers(graph);
}
