import { clone } from "@bufbuild/protobuf";
import { SelvedgeError } from "@selvedge/protocol";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "onnx-buf";

/** A rewriting that must not change what a model answers. */
export interface Pass {
  /** What was left undone where it cannot be done, for a warning. */
  readonly undone: string;
  run(model: ModelProto, graph: GraphProto): void | Promise<void>;
}

/** Runs passes on a copy of a model. @returns why the copy is not to be used, if it is not */
type Attempt = (run: () => Promise<void>, copy: ModelProto) => Promise<string | undefined>;

/**
 * Runs passes on a model: all of them and one look at the answers; where something is in the way, one
 * after another, leaving out those that it is in the way of.
 *
 * @returns the model, and a warning for every pass that was left out
 */
export async function runPasses(
  source: ModelProto,
  passes: readonly Pass[],
  attempt: Attempt,
): Promise<{ model: ModelProto; warnings: string[] }> {
  const tried = async (from: ModelProto, some: readonly Pass[]) => {
    const copy = clone(ModelProtoSchema, from);
    const graph = graphOf(copy);
    const run = async () => {
      for (const pass of some) await pass.run(copy, graph);
    };
    return { copy, obstacle: await attempt(run, copy) };
  };
  const together = await tried(source, passes);
  if (together.obstacle === undefined) return { model: together.copy, warnings: [] };
  let model = source;
  const warnings: string[] = [];
  for (const pass of passes) {
    const { copy, obstacle } = await tried(model, [pass]);
    if (obstacle === undefined) model = copy;
    else warnings.push(`${pass.undone}: ${obstacle}.`);
  }
  return { model, warnings };
}

export function graphOf({ graph }: ModelProto): GraphProto {
  if (graph === undefined) throw new SelvedgeError("model-invalid", "The model holds no graph.");
  return graph;
}
