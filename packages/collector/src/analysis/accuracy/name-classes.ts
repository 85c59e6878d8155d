import type { AccuracyAnswer } from "@selvedge/protocol";
import type { ReadClassNames } from "./read-class-names.ts";

/** Adds to an answer what the classes are called that it tells of. */
export async function nameClasses(
  { versions }: AccuracyAnswer,
  readClassNames: ReadClassNames,
): Promise<AccuracyAnswer> {
  const named = versions.map(async (one) => {
    const told = new Set(one.confusion.flatMap(({ predicted, label }) => [predicted, label]));
    const names = told.size === 0 ? [] : [...(await readClassNames(one.model, one.version))];
    return { ...one, classNames: Object.fromEntries(names.filter(([place]) => told.has(place))) };
  });
  return { versions: await Promise.all(named) };
}
