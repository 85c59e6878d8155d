import type { Tolerance } from "@selvedge/protocol";
import type { Tensor } from "../../tensor.ts";
import type { Proof } from "../../worker/engine-api.ts";
import { elementAt } from "./element-at.ts";

/**
 * Holds an answer against the golden one: `|answer − golden| ≤ absolute + relative · |golden|` for
 * every element. NaN and infinities never hold unless they are the golden answer; integers and
 * strings have to be equal, as the tolerance of a difference of one would be meaningless for a label.
 *
 * @param called what findings call the answer that is held against
 */
export function compareAnswers(
  name: string,
  answer: Tensor | undefined,
  golden: Tensor,
  tolerance: Tolerance,
  called = "golden",
): Proof {
  if (answer === undefined) return { holds: false, finding: `output ${name} is missing` };
  if (answer.dims.join() !== golden.dims.join())
    return {
      holds: false,
      finding: `output ${name} has shape [${answer.dims}], ${called} [${golden.dims}]`,
    };
  if (answer.type !== golden.type)
    return { holds: false, finding: `output ${name} is ${answer.type}, ${called} ${golden.type}` };
  let largest = 0;
  for (let i = 0; i < golden.data.length; i++) {
    const got = elementAt(answer, i);
    const want = elementAt(golden, i);
    if (Object.is(got, want) || got === want) continue;
    if (golden.type.startsWith("float") && typeof got === "number" && typeof want === "number") {
      const difference = Math.abs(got - want);
      largest = Math.max(largest, difference);
      // Against a golden infinity the tolerance would be infinite too.
      if (
        Number.isFinite(want) &&
        difference <= tolerance.absolute + tolerance.relative * Math.abs(want)
      )
        continue;
    }
    return { holds: false, finding: `output ${name}[${i}] is ${got}, ${called} ${want}` };
  }
  return { holds: true, finding: `output ${name} is within ${largest.toExponential(1)}` };
}
