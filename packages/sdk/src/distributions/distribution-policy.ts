import { SelvedgeError } from "@selvedge/protocol";

/** How distributions of inputs and outputs are told of. */
export interface DistributionPolicy {
  /**
   * Randomises what is told: of each feature one value in 24 hours, in a bin that is the right one only
   * with probability `e^ε / (e^ε + k − 1)` of `k`. Whoever receives it learns little of a device and much
   * of many: with 2, drift takes about ten times as many of them. Absent: bins are told as they are.
   */
  readonly epsilon?: number;
}

/** @throws SelvedgeError `options-invalid` for an ε that is no number above 0. */
export function distributionPolicy(
  policy: DistributionPolicy | false = {},
): DistributionPolicy | undefined {
  if (policy === false) return undefined;
  const { epsilon } = policy;
  if (epsilon === undefined || (Number.isFinite(epsilon) && epsilon > 0)) return policy;
  throw new SelvedgeError(
    "options-invalid",
    `The option telemetry.distributions.epsilon has to be a number above 0, such as 2, but is ${String(epsilon)}.`,
  );
}
