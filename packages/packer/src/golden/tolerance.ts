import type { Tolerance } from "@selvedge/protocol";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";
import { type Golden, type GoldenAnswer, typicalOf } from "./golden.ts";

/** A backend that tolerances are derived for. */
export type ProvenBackend = "wasm" | "webgpu";

/** All of them. */
export const PROVEN_BACKENDS: readonly ProvenBackend[] = ["wasm", "webgpu"];

/** What a backend may be off by at least, for answers whose largest value is 1. */
const FLOORS: Readonly<Record<ProvenBackend, Tolerance>> = {
  wasm: { absolute: 1e-4, relative: 1e-3 },
  webgpu: { absolute: 1e-3, relative: 1e-2 },
};

/** Answers below this are mostly rounding, and held to what this allows. */
export const SMALLEST_MAGNITUDE = 1e-3;

/** What a device may add to what was measured here: its kernels are others. */
const SPREAD_FACTOR = 4;

/** No share of the largest answer above this is a tolerance: it would prove next to nothing. */
const LOOSEST = 0.25;

/**
 * How far each backend's answers may be at least from the golden ones: the absolute part grows and
 * shrinks with the answers, so that a backend that answers zeros never passes.
 */
export function tolerances(answers: readonly NamedTensor[]): Record<ProvenBackend, Tolerance> {
  const magnitude = Math.max(magnitudeOf(answers), SMALLEST_MAGNITUDE);
  return {
    wasm: toleranceOfSpread("wasm", { spread: 0, magnitude }),
    webgpu: toleranceOfSpread("webgpu", { spread: 0, magnitude }),
  };
}

/** A backend's tolerance for answers of a magnitude, of which sound ones are a spread apart. */
export function toleranceOfSpread(
  backend: ProvenBackend,
  { spread, magnitude }: { readonly spread: number; readonly magnitude: number },
): Tolerance {
  const { absolute, relative } = FLOORS[backend];
  const share = Math.min(Math.max(absolute, (SPREAD_FACTOR * spread) / magnitude), LOOSEST);
  return { absolute: Number((share * magnitude).toPrecision(2)), relative };
}

/** Whether sound answers are so far apart that no tolerance tells them from others. */
export function isTooWide(spread: number, magnitude: number): boolean {
  return SPREAD_FACTOR * spread > LOOSEST * magnitude;
}

/** Whether sound answers that are a spread apart stay within a tolerance on a device too. */
export function hasRoomFor(spread: number, { absolute }: Tolerance): boolean {
  return SPREAD_FACTOR * spread <= absolute;
}

/** Whether zeros would pass for answers of a magnitude. */
export function isLax({ absolute, relative }: Tolerance, magnitude: number): boolean {
  return absolute + relative * magnitude >= magnitude;
}

/** What a device may add to the error that was measured here: sums are rounded in other places. */
const ERROR_FACTOR = 1.5;

/** The tolerance of a quantized variant on its backends: fp32's, and its own error on top of it. */
export function toleranceOfVariant(
  largestError: number,
  backends: readonly string[],
  fp32: Readonly<Record<string, Tolerance>>,
): Record<string, Tolerance> {
  return Object.fromEntries(
    backends.map((backend) => {
      const { absolute = 0, relative = 0 } = fp32[backend] ?? {};
      const sum = absolute + ERROR_FACTOR * largestError;
      return [backend, { absolute: Number(sum.toPrecision(3)), relative }];
    }),
  );
}

/**
 * Gives each answer its scale: how large answers of its output typically are, or it is where it is
 * larger, by the largest of all outputs. A smaller answer has no smaller scale: its error has come
 * from the same weights.
 */
export function scaleAnswers(golden: readonly Golden[]): { cases: Golden[]; magnitude: number } {
  const typical = typicalOf(golden).flatMap(({ outputs }) => outputs);
  const magnitude = Math.max(magnitudeOf(typical), SMALLEST_MAGNITUDE);
  const scaled = (answer: NamedTensor): GoldenAnswer => {
    if (!isFloat(answer)) return answer;
    const alike = typical.filter(({ name }) => name === answer.name);
    const own = Math.max(magnitudeOf([...alike, answer]), SMALLEST_MAGNITUDE);
    const scale = Number((own / magnitude).toPrecision(3));
    return scale === 1 ? answer : { ...answer, scale };
  };
  const cases = golden.map((item) => ({ ...item, outputs: item.outputs.map(scaled) }));
  return { cases, magnitude };
}

/**
 * The largest difference between golden answers and others, in units of their scales. Infinite where
 * an answer is missing, not finite or of another shape, and where whole numbers differ.
 */
export function largestDifference({ outputs }: Golden, answers: readonly NamedTensor[]): number {
  let largest = 0;
  for (const golden of outputs) {
    const answer = answers.find(({ name }) => name === golden.name);
    if (answer?.dtype !== golden.dtype || answer.dims.join() !== golden.dims.join())
      return Number.POSITIVE_INFINITY;
    const actual = elementsOf(answer);
    const expected = elementsOf(golden);
    for (let i = 0; i < expected.length; i++) {
      // Strings have no distance: they are equal or not.
      if (actual[i] === expected[i]) continue;
      const apart = Math.abs(Number(actual[i]) - Number(expected[i])) / (golden.scale ?? 1);
      if (!(apart <= largest)) largest = isFloat(golden) ? apart : Number.POSITIVE_INFINITY;
      if (!Number.isFinite(largest)) return Number.POSITIVE_INFINITY;
    }
  }
  return largest;
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
  tolerance: Tolerance,
): string | undefined {
  const { name } = golden;
  if (answer === undefined) return `output "${name}" is missing`;
  if (answer.dtype !== golden.dtype || answer.dims.join() !== golden.dims.join())
    return `output "${name}" is ${shapeOf(answer)} instead of ${shapeOf(golden)}`;
  const actual = elementsOf(answer);
  const expected = elementsOf(golden);
  for (let i = 0; i < expected.length; i++) {
    const [is, should] = [actual[i], expected[i]];
    if (!isNear(is, should, isFloat(golden) ? tolerance : EXACT))
      return `output "${name}" is ${is} instead of ${should} at element ${i}`;
  }
  return undefined;
}

function isNear(is: unknown, should: unknown, { absolute, relative }: Tolerance): boolean {
  if (typeof should === "string") return is === should;
  const wanted = Number(should);
  // NaN is not near anything.
  return Math.abs(Number(is) - wanted) <= absolute + relative * Math.abs(wanted);
}

/** What labels are held to. */
const EXACT: Tolerance = { absolute: 0, relative: 0 };

function shapeOf({ dtype, dims }: NamedTensor): string {
  return `${dtype}[${dims.join(", ")}]`;
}

function isFloat({ dtype }: NamedTensor): boolean {
  return dtype.startsWith("float");
}

/** The largest absolute value among floating-point answers; 1 where all are whole numbers. */
export function magnitudeOf(answers: readonly NamedTensor[]): number {
  const floats = answers.filter(isFloat);
  if (floats.length === 0) return 1;
  let largest = 0;
  for (const tensor of floats) {
    const values = elementsOf(tensor);
    for (let i = 0; i < values.length; i++)
      largest = Math.max(largest, Math.abs(Number(values[i])));
  }
  return largest;
}
