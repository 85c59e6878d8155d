import { toBinary } from "@bufbuild/protobuf";
import { SelvedgeError } from "@selvedge/protocol";
import { type ModelProto, ModelProtoSchema } from "onnx-buf";
import type { Golden } from "../golden/golden.ts";
import { difference, magnitudeOf } from "../golden/tolerance.ts";
import { messageOf } from "../message-of.ts";
import { openSession } from "../runtime/onnx-runtime.ts";

/** What rewriting may change an answer by, of the largest one: sums are taken in another order. */
const SAME = 1e-4;

/** Runs a model on golden inputs. @returns where its answers differ, `undefined` where they hold */
export async function answersDiffer(
  model: ModelProto,
  golden: readonly Golden[],
): Promise<string | undefined> {
  const absolute = SAME * magnitudeOf(golden.flatMap(({ outputs }) => outputs));
  try {
    const graph = toBinary(ModelProtoSchema, model);
    const session = await openSession({ graph, weights: new Map() });
    try {
      for (const { inputs, outputs } of golden) {
        const answers = await session.run(inputs);
        for (const expected of outputs) {
          const answer = answers.find(({ name }) => name === expected.name);
          const wrong = difference(answer, expected, { absolute, relative: SAME });
          if (wrong !== undefined) return wrong;
        }
      }
    } finally {
      await session.close();
    }
  } catch (error) {
    // Such as a run that takes too long, which the next pass would only repeat.
    if (error instanceof SelvedgeError) throw error;
    return messageOf(error);
  }
  return undefined;
}
