/** How PMML compares a field with a value. */
export type Operator =
  | "equal"
  | "notEqual"
  | "lessThan"
  | "lessOrEqual"
  | "greaterThan"
  | "greaterOrEqual";

/** For each operator, the node of a tree ensemble, the operator of a graph, and what is its opposite. */
export const COMPARISONS: Readonly<
  Record<Operator, { mode: string; op: string; opposite: Operator }>
> = {
  equal: { mode: "BRANCH_EQ", op: "Equal", opposite: "notEqual" },
  notEqual: { mode: "BRANCH_NEQ", op: "Equal", opposite: "equal" },
  lessThan: { mode: "BRANCH_LT", op: "Less", opposite: "greaterOrEqual" },
  lessOrEqual: { mode: "BRANCH_LEQ", op: "LessOrEqual", opposite: "greaterThan" },
  greaterThan: { mode: "BRANCH_GT", op: "Greater", opposite: "lessOrEqual" },
  greaterOrEqual: { mode: "BRANCH_GTE", op: "GreaterOrEqual", opposite: "lessThan" },
};

export function isOperator(text: string): text is Operator {
  return Object.hasOwn(COMPARISONS, text);
}

/**
 * The float32 with which every float32 compares as it does with a number of double precision: the
 * number itself where it is one, and else the neighbour on the side where nothing changes.
 */
export function threshold(operator: Operator, value: number): number {
  const nearest = Math.fround(value);
  if (nearest === value || operator === "equal" || operator === "notEqual") return nearest;
  const wantsBelow = operator === "lessOrEqual" || operator === "greaterThan";
  if (wantsBelow) return nearest < value ? nearest : neighbour(nearest, -1);
  return nearest > value ? nearest : neighbour(nearest, 1);
}

/** The next float32 up or down. */
function neighbour(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * 2 ** -149;
  const bits = new Int32Array(Float32Array.of(value).buffer);
  // Floats of one sign are ordered as their bits are.
  bits[0] = (bits[0] ?? 0) + (value > 0 === direction > 0 ? 1 : -1);
  return new Float32Array(bits.buffer)[0] ?? value;
}
