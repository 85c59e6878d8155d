import { binOf, measure, type ReferenceFeature, valueCount } from "@selvedge/protocol";
import type { AnsweredCall } from "../telemetry/answered-call.ts";

/** Which bin each feature's value fell into, where the call has one value of it: never the value. */
export function featureBins(
  features: readonly ReferenceFeature[],
  { inputs = {}, outputs }: Pick<AnsweredCall, "inputs" | "outputs">,
): Record<string, number | null> {
  const bins = features.flatMap((feature): [string, number | null][] => {
    const tensor = (feature.side === "input" ? inputs : outputs)[feature.tensor];
    if (tensor === undefined || valueCount(feature, tensor) !== 1) return [];
    return [[feature.name, binOf(feature, measure(feature, tensor, 0)).bin ?? null]];
  });
  return Object.fromEntries(bins);
}
