import type { QuantizationError, Tolerance } from "@selvedge/protocol";
import type { Golden } from "./golden.ts";
import { elementsOf, type NamedTensor } from "./named-tensor.ts";

/** What a backend may be off by, for answers whose largest value is 1. */
const BACKENDS: Readonly<Record<string, Tolerance>> = {
  wasm: { absolute: 1e-4, relative: 1e-3 },
  webgpu: { absolute: 1e-3, relative: 1e-2 },
};

/** Answers below this are mostly rounding, and held to what this allows. */
export const SMALLEST_MAGNITUDE = 1e-3;

/**
 * How far each backend's answers may be from the golden ones: the absolute part grows and shrinks
 * with the answers, so that a backend that answers zeros never passes.
 */
export function tolerances(answers: readonly NamedTensor[]): Record<string, Tolerance> {
  const magnitude = Math.max(magnitudeOf(answers), SMALLEST_MAGNITUDE);
  return Object.fromEntries(
    Object.entries(BACKENDS).map(([backend, { absolute, relative }]) => [
      backend,
      { absolute: Number((absolute * magnitude).toPrecision(2)), relative },
    ]),
  );
}

/** What a device may add to the error that was measured here: sums are rounded in other places. */
const SPREAD = 1.5;

/** The tolerance of a quantized variant on its backends: fp32's, and its own error on top of it. */
export function toleranceOfVariant(
  { maxDifference }: QuantizationError,
  backends: readonly string[],
  golden: readonly Golden[],
): Record<string, Tolerance> {
  const base = tolerances(golden.flatMap(({ outputs }) => outputs));
  return Object.fromEntries(
    backends.map((backend) => {
      const { absolute = 0, relative = 0 } = base[backend] ?? {};
      const sum = absolute + SPREAD * maxDifference;
      return [backend, { absolute: Number(sum.toPrecision(3)), relative }];
    }),
  );
}

/**
 * Where an answer is further from the golden one than it may be. Whole numbers have to be equal, as
 * they have to be on a device: a label that is off by one is another label.
 *
 * @returns what differs, in words; `undefined` when nothing does
 */
export function difference(
  answer: NamedTensor | undefined,
  golden: NamedTensor,
  { absolute, relative }: Tolerance,
): string | undefined {
  const { name } = golden;
  if (answer === undefined) return `output "${name}" is missing`;
  if (answer.dtype !== golden.dtype || answer.dims.join() !== golden.dims.join())
    return `output "${name}" is ${shapeOf(answer)} instead of ${shapeOf(golden)}`;
  const actual = elementsOf(answer);
  const expected = elementsOf(golden);
  const isFloat = golden.dtype.startsWith("float");
  for (let i = 0; i < expected.length; i++) {
    const [is, should] = [Number(actual[i]), Number(expected[i])];
    const allowed = isFloat ? absolute + relative * Math.abs(should) : 0;
    // Written so that NaN, which is not near anything, counts as a difference.
    if (!(Math.abs(is - should) <= allowed))
      return `output "${name}" is ${is} instead of ${should} at element ${i}`;
  }
  return undefined;
}

function shapeOf({ dtype, dims }: NamedTensor): string {
  return `${dtype}[${dims.join(", ")}]`;
}

/** The largest absolute value among floating-point answers; 1 where all are whole numbers. */
export function magnitudeOf(answers: readonly NamedTensor[]): number {
  const floats = answers.filter(({ dtype }) => dtype.startsWith("float"));
  if (floats.length === 0) return 1;
  let largest = 0;
  for (const tensor of floats) {
    const values = elementsOf(tensor);
    for (let i = 0; i < values.length; i++)
      largest = Math.max(largest, Math.abs(Number(values[i])));
  }
  return largest;
}
