import type { Tolerance } from "@selvedge/protocol";
import type { Tensor } from "../../tensor.ts";
import type { Proof } from "../../worker/engine-api.ts";

/**
 * Holds an answer against the golden one: `|answer − golden| ≤ absolute + relative · |golden|` for
 * every element. NaN and infinities never hold unless they are the golden answer; integers and
 * strings have to be equal, as the tolerance of a difference of one would be meaningless for a label.
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
  if (answer.type !== golden.type)
    return { holds: false, finding: `output ${name} is ${answer.type}, golden ${golden.type}` };
  let largest = 0;
  for (let i = 0; i < golden.data.length; i++) {
    const got = at(answer, i);
    const want = at(golden, i);
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
    return { holds: false, finding: `output ${name}[${i}] is ${got}, golden ${want}` };
  }
  return { holds: true, finding: `output ${name} is within ${largest.toExponential(1)}` };
}

function at({ type, data }: Tensor, index: number): number | bigint | string | undefined {
  const element = data[index];
  return type === "float16" && typeof element === "number" ? fromHalf(element) : element;
}

/** The value of a float16, which is carried as its bits. IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? sign * 2 ** -14 * (fraction / 1024)
    : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
