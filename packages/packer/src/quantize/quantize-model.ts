import { clone, create } from "@bufbuild/protobuf";
import {
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
} from "onnx-buf";
import type { Golden } from "../golden/golden.ts";
import { withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { settleInitializers } from "../onnx/settle-initializers.ts";
import { opsetOf } from "../passes/raise-opset.ts";
import { CONTRIB_DOMAIN } from "./blocked-mat-mul.ts";
import { halfGraph } from "./half-graph.ts";
import { halfWeights } from "./half-weights.ts";
import type { KeptScales } from "./kept-scales.ts";
import { observeValues } from "./observe-values.ts";
import type { Recipe } from "./recipes.ts";
import { simulateHalf } from "./simulate-half.ts";

/** A model that a recipe was run on. */
export interface QuantizedModel {
  readonly model: ModelProto;
  /** The weights that the recipe quantized, by the names they had. */
  readonly quantized: readonly string[];
  /** What answers as the model does on a device that computes in float16, where that is needed. */
  readonly simulated?: ModelProto;
}

/**
 * Runs a recipe on a copy of a prepared model.
 *
 * @param kept weights to leave in float16
 * @param keptScales scales that the others may keep
 * @throws SelvedgeError `model-invalid` for weights that are NaN; Error in the runtime's words where it
 * cannot run what is to compute in float16.
 */
export async function quantizeModel({
  recipe,
  prepared,
  golden,
  kept = [],
  keptScales,
}: {
  readonly recipe: Recipe;
  readonly prepared: ModelProto;
  readonly golden: readonly Golden[];
  readonly kept?: readonly string[];
  readonly keptScales?: KeptScales | undefined;
}): Promise<QuantizedModel> {
  const model = clone(ModelProtoSchema, prepared);
  const { graph } = model;
  if (graph === undefined) return { model, quantized: [] };
  const weights = floatWeights(graph);
  // A weight that a Cast makes is no constant, and recipes leave it alone.
  if (kept.length > 0) halfWeights(graph, new Set(kept));
  recipe.run(graph, opsetOf(model), keptScales);
  const left = namesIn(graph);
  const quantized = weights.filter((name) => !left.has(name));
  importOperators(model, graph);
  settleInitializers(model, graph);
  if (recipe.computesIn === "float32") return { model, quantized };
  const halves = halfGraph(graph, await observeValues(model, golden));
  const simulated = clone(ModelProtoSchema, model);
  if (simulated.graph !== undefined) simulateHalf(simulated.graph, halves);
  return { model, quantized, simulated };
}

/** What a recipe may quantize: vectors are biases and scales, which it may rewrite and never does. */
function floatWeights({ initializer }: GraphProto): string[] {
  return initializer
    .filter(({ dataType, dims }) => dataType === DataType.FLOAT && dims.length > 1)
    .map(({ name }) => name);
}

/** What nodes read and make, those of nested graphs included. */
function namesIn(graph: GraphProto): Set<string> {
  return new Set(
    withNestedGraphs(graph).flatMap(({ node, output }) => [
      ...node.flatMap((each) => [...each.input, ...each.output]),
      ...output.map(({ name }) => name),
    ]),
  );
}

/** A model has to say that it uses operators of onnxruntime's own. */
function importOperators(model: ModelProto, graph: GraphProto): void {
  if (!graph.node.some(({ domain }) => domain === CONTRIB_DOMAIN)) return;
  if (model.opsetImport.some(({ domain }) => domain === CONTRIB_DOMAIN)) return;
  model.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: CONTRIB_DOMAIN, version: 1n }));
}
