import { clone } from "@bufbuild/protobuf";
import { SelvedgeError } from "@selvedge/protocol";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "onnx-buf";
import type { Golden } from "../golden/golden.ts";
import { messageOf } from "../message-of.ts";
import { hoistConstants } from "../onnx/hoist-constants.ts";
import { liftInitializers } from "../onnx/lift-initializers.ts";
import { settleInitializers } from "../onnx/settle-initializers.ts";
import { answersDiffer } from "./answers-differ.ts";
import { dropDefaults } from "./drop-defaults.ts";
import { foldAffine } from "./fold-affine.ts";
import { mergeConstants } from "./merge-constants.ts";
import { raiseOpset } from "./raise-opset.ts";

/** A rewriting that must not change what a model answers. */
interface Pass {
  /** What was left undone where it cannot be done, for a warning. */
  readonly undone: string;
  run(model: ModelProto, graph: GraphProto): void;
}

const PASSES: readonly Pass[] = [
  {
    undone: "The opset was left as it is, so that weights of some operators cannot be quantized",
    run: raiseOpset,
  },
  {
    undone: "What follows convolutions was not folded into them",
    run(model, graph) {
      foldAffine(graph);
      settleInitializers(model, graph);
    },
  },
  {
    undone: "What the graph says twice was not taken out of it",
    run(_, graph) {
      mergeConstants(graph);
      dropDefaults(graph);
    },
  },
];

/**
 * Brings a model into the form that recipes start from: weights are initializers of the main graph,
 * the opset is one they can write for, and convolutions have absorbed what is affine after them.
 * After every pass the model has to answer as it did; a pass that cannot be done is left out.
 *
 * @param golden what the model answers
 * @returns the model, and a warning for every pass that was left out
 */
export async function prepareModel(
  source: ModelProto,
  golden: readonly Golden[],
): Promise<{ model: ModelProto; warnings: string[] }> {
  let model = source;
  const graph = graphOf(model);
  hoistConstants(graph);
  settleInitializers(model, graph);
  liftInitializers(graph);
  const warnings: string[] = [];
  for (const { undone, run } of PASSES) {
    const attempt = clone(ModelProtoSchema, model);
    const obstacle = await obstacleTo(() => run(attempt, graphOf(attempt)), attempt, golden);
    if (obstacle === undefined) model = attempt;
    else warnings.push(`${undone}: ${obstacle}.`);
  }
  return { model, warnings };
}

async function obstacleTo(
  run: () => void,
  attempt: ModelProto,
  golden: readonly Golden[],
): Promise<string | undefined> {
  try {
    run();
  } catch (error) {
    // Such as a weight that is NaN, which no recipe could do anything with either.
    if (error instanceof SelvedgeError) throw error;
    return messageOf(error);
  }
  return await answersDiffer(attempt, golden);
}

function graphOf({ graph }: ModelProto): GraphProto {
  if (graph === undefined) throw new SelvedgeError("model-invalid", "The model holds no graph.");
  return graph;
}
