import { clone, create, toBinary } from "@bufbuild/protobuf";
import type { ElementType } from "@selvedge/protocol";
import { type GraphProto, type ModelProto, ModelProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import type { Golden } from "../golden/golden.ts";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";
import { openSession } from "../runtime/onnx-runtime.ts";

/** Values that are asked for in one run: each is held until it has been looked at. */
const VALUES_A_RUN = 64;

/** What a value of a graph was found to be on the golden inputs. */
export interface ObservedValue {
  readonly dtype: ElementType;
  /** The largest absolute value of its elements. */
  readonly largest: number;
}

/**
 * Runs a model on the golden inputs and looks at every value of its main graph. What a graph says of
 * the types in it is optional and often missing; the runtime knows.
 *
 * @throws Error in the runtime's words where it cannot give one of them.
 */
export async function observeValues(
  model: ModelProto,
  golden: readonly Golden[],
): Promise<Map<string, ObservedValue>> {
  const observed = new Map<string, ObservedValue>();
  const note = ({ name, dtype, ...tensor }: NamedTensor): void => {
    const largest = Math.max(observed.get(name)?.largest ?? 0, largestOf({ dtype, ...tensor }));
    observed.set(name, { dtype, largest });
  };
  const copy = clone(ModelProtoSchema, model);
  const names = copy.graph === undefined ? [] : exposeValues(copy.graph);
  const session = await openSession({
    graph: toBinary(ModelProtoSchema, copy),
    weights: new Map(),
  });
  try {
    for (const { inputs } of golden) {
      for (const input of inputs) note(input);
      for (let from = 0; from < names.length; from += VALUES_A_RUN)
        for (const value of await session.run(inputs, names.slice(from, from + VALUES_A_RUN)))
          note(value);
    }
  } finally {
    await session.close();
  }
  return observed;
}

/** Makes every value an output. @returns their names */
function exposeValues(graph: GraphProto): string[] {
  const names = new Set(graph.node.flatMap(({ output }) => output).filter((name) => name !== ""));
  const known = new Set(graph.output.map(({ name }) => name));
  for (const name of names)
    if (!known.has(name)) graph.output.push(create(ValueInfoProtoSchema, { name }));
  return [...names];
}

function largestOf(tensor: Omit<NamedTensor, "name">): number {
  let largest = 0;
  for (const element of elementsOf(tensor)) {
    const size = Math.abs(Number(element));
    // Written so that NaN counts as more than anything.
    if (!(size <= largest)) largest = Number.isNaN(size) ? Number.POSITIVE_INFINITY : size;
  }
  return largest;
}
