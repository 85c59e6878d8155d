import type { DriftVerdict, FeatureDrift } from "@selvedge/protocol";

const ORDER: readonly DriftVerdict[] = ["drifting", "stable", "too-few", "no-baseline"];

/** What drifts first, the furthest first; what has no verdict last, by how close it is to one. */
export function byDrift(a: FeatureDrift, b: FeatureDrift): number {
  return (
    ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) ||
    (b.psi ?? -1) - (a.psi ?? -1) ||
    b.contributors - a.contributors
  );
}
