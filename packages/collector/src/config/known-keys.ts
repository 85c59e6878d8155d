import type { Field } from "@selvedge/protocol";

/**
 * Fails on a key that is none of those known: most often it is one of them, misspelt, and would
 * otherwise be as good as absent.
 */
export function expectKnownKeys(field: Field, known: readonly string[]): void {
  for (const key of Object.keys(field.object()))
    if (!known.includes(key))
      field.at(key).fail(`nothing by this name, but one of ${known.join(", ")}`);
}
