import type { Tolerance } from "@selvedge/protocol";
import type { Case } from "../golden/cases-file.ts";
import { difference } from "../golden/tolerance.ts";
import type { NamedTensor } from "../named-tensor.ts";
import {
  type Complaints,
  classedRows,
  isReadAsText,
  labelledOutput,
  type Reading,
  readText,
} from "./observe-case.ts";

/**
 * Whether a case holds: its outputs within a tolerance, its label exactly.
 *
 * @returns what does not hold, in words; `undefined` where all does
 */
export function regressionOf(
  test: Case,
  answers: readonly NamedTensor[],
  options: Reading & Complaints & { readonly tolerance: (output: string) => Tolerance },
): string | undefined {
  for (const expected of test.outputs ?? []) {
    const answer = answers.find(({ name }) => name === expected.name);
    const wrong = difference(answer, expected, options.tolerance(expected.name));
    if (wrong !== undefined) return wrong;
  }
  if (test.label === undefined) return undefined;
  if (isReadAsText(test, labelledOutput(answers, options))) {
    const { read, written } = readText(test, answers, options);
    return read === written ? undefined : `"${read}" was read instead of "${written}"`;
  }
  for (const { label, ranking } of classedRows(test, answers, options))
    if (ranking[0] !== label) return `it was taken for class ${ranking[0]} instead of ${label}`;
  return undefined;
}
