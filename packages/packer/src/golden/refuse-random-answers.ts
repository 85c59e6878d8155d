import { SelvedgeError, type Tolerance } from "@selvedge/protocol";
import type { ModelProto, NodeProto } from "onnx-buf";
import { DRAWING_OPERATORS } from "../onnx/drawing-operators.ts";
import { withNestedGraphs } from "../onnx/onnx-bodies.ts";
import { attributeOf, isStandard, nodeLabel } from "../onnx/onnx-node.ts";
import { openSession, type SessionSource } from "../runtime/onnx-runtime.ts";
import type { Golden } from "./golden.ts";
import { difference } from "./tolerance.ts";

/** How often a model that draws is run again: a coin may fall twice on the same side. */
const RERUNS = 8;

/** Two runs of one session on one machine: only what is drawn anew can differ. */
const SAME: Tolerance = { absolute: 1e-6, relative: 1e-5 };

/**
 * Refuses a model whose golden answers hang on numbers that are drawn anew in every process. Where
 * they do not, as with a scale of the noise that is 0 in the golden inputs, it may draw them.
 *
 * @throws SelvedgeError `golden-failed`, naming the node that draws.
 */
export async function refuseRandomAnswers(
  model: ModelProto,
  source: SessionSource,
  golden: readonly Golden[],
): Promise<void> {
  const node = nodesOf(model).find(isRandom);
  if (node === undefined) return;
  const session = await openSession(source);
  try {
    for (const { inputs } of golden) {
      const answers = await session.run(inputs);
      for (let run = 0; run < RERUNS; run++) {
        const again = await session.run(inputs);
        const [wrong] = answers.flatMap(
          (answer, index) => difference(again[index], answer, SAME) ?? [],
        );
        if (wrong !== undefined)
          throw new SelvedgeError(
            "golden-failed",
            `${nodeLabel(node)} draws random numbers, so that no device can be held to what the model answers: run again, ${wrong}. Give the node a seed, or give inputs to which it does not matter with --golden FILE.`,
          );
      }
    }
  } finally {
    await session.close();
  }
}

function nodesOf({ graph, functions }: ModelProto): NodeProto[] {
  const inGraphs = graph === undefined ? [] : withNestedGraphs(graph).flatMap(({ node }) => node);
  return [...inGraphs, ...functions.flatMap(({ node }) => node)];
}

/** With a seed, every device draws the same. */
function isRandom(node: NodeProto): boolean {
  return (
    DRAWING_OPERATORS.has(node.opType) &&
    isStandard(node) &&
    attributeOf(node, "seed") === undefined
  );
}
