import { SelvedgeError } from "@selvedge/protocol";
import type { ModelProto } from "onnx-buf";
import type { Golden } from "../golden/golden.ts";
import { messageOf } from "../message-of.ts";
import { answersDiffer } from "./answers-differ.ts";
import { mergeConstants } from "./merge-constants.ts";
import { raiseOpset } from "./raise-opset.ts";
import { type Pass, runPasses } from "./run-passes.ts";

const PASSES: readonly Pass[] = [
  {
    undone: "The opset was left as it is, so that weights of some operators cannot be quantized",
    run(model, graph) {
      raiseOpset(model, graph);
      // What were attributes are constants now.
      mergeConstants(graph);
    },
  },
];

/**
 * Brings an optimized model into the form that recipes start from: of an opset that they can write
 * for. It has to answer as it did; where it cannot be raised, it stays at its opset.
 *
 * @param golden what the model answers
 * @returns the model, and a warning where it stays as it was
 */
export async function prepareModel(
  optimized: ModelProto,
  golden: readonly Golden[],
): Promise<{ model: ModelProto; warnings: string[] }> {
  return await runPasses(optimized, PASSES, async (run, copy) => {
    try {
      await run();
    } catch (error) {
      if (error instanceof SelvedgeError) throw error;
      return messageOf(error);
    }
    return await answersDiffer(copy, golden);
  });
}
