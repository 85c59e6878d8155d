import type { Tolerance } from "@selvedge/protocol";
import type { Tensor, TensorData } from "../../tensor.ts";
import type { Proof } from "../../worker/engine-api.ts";

/**
 * Holds an answer against the golden one: `|answer − golden| ≤ absolute + relative · |golden|` for
 * every element. NaN never holds unless NaN is the golden answer; integers and strings have to be
 * equal, as the tolerance of a difference of one would be meaningless for a label.
 */
export function compareAnswers(
  name: string,
  answer: Tensor | undefined,
  golden: Tensor,
  tolerance: Tolerance,
): Proof {
  if (answer === undefined) return { holds: false, finding: `output ${name} is missing` };
  if (answer.dims.join() !== golden.dims.join())
    return {
      holds: false,
      finding: `output ${name} has shape [${answer.dims}], golden [${golden.dims}]`,
    };
  const isFloat = golden.type === "float32" || golden.type === "float64";
  let largest = 0;
  for (let i = 0; i < golden.data.length; i++) {
    const got = at(answer.data, i);
    const want = at(golden.data, i);
    if (Object.is(got, want) || got === want) continue;
    if (isFloat && typeof got === "number" && typeof want === "number") {
      const difference = Math.abs(got - want);
      largest = Math.max(largest, difference);
      if (difference <= tolerance.absolute + tolerance.relative * Math.abs(want)) continue;
    }
    return { holds: false, finding: `output ${name}[${i}] is ${got}, golden ${want}` };
  }
  return { holds: true, finding: `output ${name} is within ${largest.toExponential(1)}` };
}

function at(data: TensorData, index: number): number | bigint | string | undefined {
  return data[index];
}
