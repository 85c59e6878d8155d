import { toBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import type { GoldenSet } from "../golden/golden.ts";
import { hasRoomFor, largestDifference, PROVEN_BACKENDS } from "../golden/tolerance.ts";
import { messageOf } from "../message-of.ts";
import { hoistConstants } from "../onnx/hoist-constants.ts";
import { liftInitializers } from "../onnx/lift-initializers.ts";
import { withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { settleInitializers } from "../onnx/settle-initializers.ts";
import type { Optimization } from "../runtime/model-worker.ts";
import { openSession } from "../runtime/onnx-runtime.ts";
import { dropDefaults } from "./drop-defaults.ts";
import { dropIdleNodes } from "./drop-idle-nodes.ts";
import { dropUnread } from "./drop-unread.ts";
import { foldAffine } from "./fold-affine.ts";
import { foldConstants } from "./fold-constants.ts";
import { foldIntoNext } from "./fold-into-next.ts";
import { fuseHardSigmoid } from "./fuse-hard-sigmoid.ts";
import { mergeConstants } from "./merge-constants.ts";
import { mergeNodes } from "./merge-nodes.ts";
import { opsetOf } from "./raise-opset.ts";
import { graphOf, type Pass, runPasses } from "./run-passes.ts";

const PASSES: readonly Pass[] = [
  {
    undone: "What does not depend on the inputs was not computed ahead",
    async run(model, graph) {
      await foldConstants(model, graph);
      liftInitializers(graph);
    },
  },
  {
    undone: "Nodes that change nothing were left in the graph",
    run(model, graph) {
      dropIdleNodes(graph, opsetOf(model));
      mergeNodes(graph);
      dropUnread(graph);
      settleInitializers(model, graph);
    },
  },
  {
    undone: "What precedes and follows convolutions was not folded into them",
    run(model, graph) {
      fuseHardSigmoid(graph);
      dropUnread(graph);
      foldAffine(graph);
      foldIntoNext(graph);
      settleInitializers(model, graph);
    },
  },
  {
    undone: "What the graph says twice was not taken out of it",
    run(_, graph) {
      mergeConstants(graph);
      dropDefaults(graph);
      // The runtime finds out the types and shapes of values by itself.
      for (const each of withNestedGraphs(graph)) each.valueInfo = [];
    },
  },
];

/** How a device may open the model: as it is, or with all that onnxruntime does to it while loading. */
const LEVELS: readonly Optimization[] = ["disabled", "all"];

/**
 * Does to a model ahead what onnxruntime does to it on every load at its portable level, so that a
 * device can leave that out. What comes of it uses ONNX's own operators, at the opset that the model
 * has, and answers as the model does: as near to the golden answers as another sound way to compute
 * them. Passes for which that does not hold are left out. Changes the model it is given.
 *
 * @returns the model, and a warning for every pass that was left out
 */
export async function optimizeModel(
  source: ModelProto,
  golden: GoldenSet,
): Promise<{ model: ModelProto; warnings: string[] }> {
  const graph = graphOf(source);
  hoistConstants(graph);
  settleInitializers(source, graph);
  liftInitializers(graph);
  return await runPasses(source, PASSES, async (run, copy) => {
    try {
      const before = toBinary(ModelProtoSchema, copy);
      await run();
      const after = toBinary(ModelProtoSchema, copy);
      return Buffer.compare(before, after) === 0 ? undefined : await answersMoved(after, golden);
    } catch (error) {
      // Such as a weight that is NaN: as long as nothing is made of it, it may be.
      return messageOf(error);
    }
  });
}

/** @returns where a model's answers are further from the golden ones than rounding explains */
async function answersMoved(
  graph: Uint8Array<ArrayBuffer>,
  golden: GoldenSet,
): Promise<string | undefined> {
  for (const optimization of LEVELS) {
    const session = await openSession({ graph, weights: new Map() }, { optimization });
    try {
      for (const item of golden.cases) {
        const apart = largestDifference(item, await session.run(item.inputs));
        for (const backend of PROVEN_BACKENDS) {
          const allowed = golden.tolerance[backend];
          if (allowed !== undefined && !hasRoomFor(apart, allowed))
            return `answers would differ by ${apart.toPrecision(2)}`;
        }
      }
    } finally {
      await session.close();
    }
  }
  return undefined;
}
