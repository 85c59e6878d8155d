import type { Manifest, ReferenceFeature } from "@selvedge/protocol";

/** A line for what drift is measured against, and one for each feature of it. */
export function describeReference({ reference }: Pick<Manifest, "reference">): string[] {
  if (reference === undefined) return [];
  const { samples, features } = reference;
  const of = features.length === 1 ? "1 feature" : `${features.length} features`;
  return [`${of} of ${samples} examples`, ...features.map(describeFeature)];
}

function describeFeature(feature: ReferenceFeature): string {
  const { name, side, measure, edges = [], range, categories, missing } = feature;
  const values =
    categories === undefined
      ? `${range === undefined ? "" : `${range[0]} to ${range[1]}, `}${edges.length + 1} bins`
      : `${categories.length} categories`;
  return `${name} (${side} ${measure}): ${values}${missing === 0 ? "" : `, ${missing} missing`}`;
}
