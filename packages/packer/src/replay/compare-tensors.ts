import type { Tolerance } from "@selvedge/protocol";
import { elementsOf, type NamedTensor } from "../named-tensor.ts";

/** An element of an output, as it was recorded and as it came out now; numbers that JSON lacks as text. */
export interface ElementPair {
  /** Row-major, from 0. */
  readonly index: number;
  readonly recorded: number | string;
  readonly replayed: number | string;
}

/** How an output that was run again compares with the recorded one. */
export interface OutputComparison {
  readonly name: string;
  readonly elements: number;
  /** What of its shape is not as it was; nothing more is compared then. */
  readonly shape?: string;
  /** How many elements differ in any bit. */
  readonly differing: number;
  /** How many are further off than the tolerance allows; all that differ, where there is none. */
  readonly outside: number;
  /** The first that differs. */
  readonly first?: ElementPair;
  /** The one that is furthest off, and by how much; of numbers only. */
  readonly furthest?: ElementPair & { readonly by: number | string };
}

/**
 * Compares an output with the recorded one, bit by bit.
 *
 * @param tolerance what floating-point numbers may be off by; `undefined`: not a bit. Everything else has
 * to be equal in any case.
 */
export function compareTensors(
  recorded: NamedTensor,
  replayed: NamedTensor | undefined,
  tolerance: Tolerance | undefined,
): OutputComparison {
  const { name } = recorded;
  const [expected, was] = [elementsOf(recorded), shapeOf(recorded)];
  const is = replayed === undefined ? "missing" : shapeOf(replayed);
  const elements = expected.length;
  if (replayed === undefined || is !== was)
    return {
      name,
      elements,
      shape: `${is} instead of ${was}`,
      differing: elements,
      outside: elements,
    };
  const actual = elementsOf(replayed);
  const isSame = sameBits(recorded, replayed);
  const isFloat = recorded.dtype.startsWith("float");
  let [differing, outside, furthest, distance] = [0, 0, -1, -1];
  let first = -1;
  for (let i = 0; i < elements; i++) {
    if (isSame(i)) continue;
    differing++;
    if (first === -1) first = i;
    if (!isFloat || !isNear(Number(actual[i]), Number(expected[i]), tolerance)) outside++;
    // What is no number is as far off as can be.
    const by = Math.abs(Number(actual[i]) - Number(expected[i]));
    const apart = Number.isNaN(by) ? Number.POSITIVE_INFINITY : by;
    if (apart > distance) [furthest, distance] = [i, apart];
  }
  const pair = (index: number): ElementPair => ({
    index,
    recorded: shown(expected[index]),
    replayed: shown(actual[index]),
  });
  return {
    name,
    elements,
    differing,
    outside,
    ...(first === -1 ? {} : { first: pair(first) }),
    ...(furthest === -1 || recorded.dtype === "string"
      ? {}
      : { furthest: { ...pair(furthest), by: shown(distance) } }),
  };
}

/** Whether the elements at an index are the same in every bit: two NaN may be, and 0 is not -0. */
function sameBits(a: NamedTensor, b: NamedTensor): (index: number) => boolean {
  if (a.dtype === "string") {
    const [x, y] = [elementsOf(a), elementsOf(b)];
    return (index) => x[index] === y[index];
  }
  const width = a.bytes.length / Math.max(1, elementsOf(a).length);
  return (index) => {
    for (let i = index * width; i < (index + 1) * width; i++)
      if (a.bytes[i] !== b.bytes[i]) return false;
    return true;
  };
}

function isNear(is: number, should: number, tolerance: Tolerance | undefined): boolean {
  if (tolerance === undefined) return false;
  return Math.abs(is - should) <= tolerance.absolute + tolerance.relative * Math.abs(should);
}

function shapeOf({ dtype, dims }: NamedTensor): string {
  return `${dtype}[${dims.join(", ")}]`;
}

function shown(element: unknown): number | string {
  return typeof element === "number" && Number.isFinite(element) ? element : String(element);
}
