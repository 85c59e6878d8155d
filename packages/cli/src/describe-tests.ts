import type { Manifest, TestFile } from "@selvedge/protocol";
import { formatBytes } from "./format-bytes.ts";

/** A line for each file of tests that a pack had to pass, and what was asked of it. */
export function describeTests({ tests }: Pick<Manifest, "tests">): string[] {
  if (tests === undefined) return [];
  const { evaluation, regression, vocabulary, output } = tests;
  const bars = (evaluation?.metrics ?? []).map(({ metric, min, max }) => {
    if (min !== undefined) return `${metric} at least ${min}`;
    return max === undefined ? metric : `${metric} at most ${max}`;
  });
  const on = output === undefined ? "" : ` of ${output}`;
  return [
    ...(evaluation === undefined ? [] : [`${bars.join(", ")}${on} on ${describeFile(evaluation)}`]),
    ...(regression === undefined ? [] : [`all of ${describeFile(regression)} hold`]),
    ...(vocabulary === undefined
      ? []
      : [`classes named by ${formatBytes(vocabulary.bytes)}, sha256 ${vocabulary.sha256}`]),
  ];
}

function describeFile({ cases, bytes, sha256 }: TestFile): string {
  return `${cases === 1 ? "1 case" : `${cases} cases`}, ${formatBytes(bytes)}, sha256 ${sha256}`;
}
