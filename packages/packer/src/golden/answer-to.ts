import { bytesFrom, elementsOf, type NamedTensor } from "../named-tensor.ts";
import type { Session } from "../runtime/worker-session.ts";
import type { Golden } from "./golden.ts";
import { notFiniteAt } from "./not-finite-at.ts";

/**
 * What a model answers to inputs that were made; to those without their signs where it is no number,
 * since a root or a logarithm has an answer to these only.
 */
export async function answerTo(session: Session, inputs: readonly NamedTensor[]): Promise<Golden> {
  const outputs = await session.run(inputs);
  if (outputs.every((output) => notFiniteAt(output) === undefined)) return { inputs, outputs };
  const positive = inputs.map(withoutSigns);
  return { inputs: positive, outputs: await session.run(positive) };
}

function withoutSigns(tensor: NamedTensor): NamedTensor {
  const { dtype } = tensor;
  if (dtype !== "float16" && dtype !== "float32" && dtype !== "float64") return tensor;
  const values = Array.from<unknown, number>(elementsOf(tensor), (value) =>
    Math.abs(Number(value)),
  );
  return { ...tensor, bytes: bytesFrom(dtype, values) };
}
