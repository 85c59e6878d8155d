import type { AccuracyAnswer } from "@selvedge/protocol";
import { compareNames } from "../series/series-identity.ts";

type Cell = AccuracyAnswer["versions"][number]["confusion"][number];

/** Counts with a row for each true class and a column for each that was predicted; `null` for what is not told. */
export interface ConfusionMatrix {
  readonly names: readonly string[];
  readonly counts: readonly (readonly (number | null)[])[];
  /** Predictions of classes that are not shown. */
  readonly left: number;
  /** Predictions of pairs that are too rare to be told: nobody knows whether they were right. */
  readonly rare: number;
}

const SHOWN = 10;

/** What a collector calls a class that it does not tell; a cell of two such is of all pairs that are rare. */
const OTHER = "other";

/**
 * The matrix of the classes that were mistaken most often; of all, where they are few.
 *
 * @param called what classes are called that devices tell by their place
 */
export function confusionMatrix(
  all: readonly Cell[],
  called: ReadonlyMap<string, string> = new Map(),
): ConfusionMatrix {
  const isRare = ({ predicted, label }: Cell) => predicted === OTHER && label === OTHER;
  const cells = all.filter((cell) => !isRare(cell));
  const rare = all.filter(isRare).reduce((sum, { count }) => sum + count, 0);
  const weights = new Map<string, number>();
  for (const { predicted, label, count } of cells) {
    const weight = predicted === label ? 0 : count;
    for (const name of [predicted, label]) weights.set(name, (weights.get(name) ?? 0) + weight);
  }
  const classes = [...weights]
    .sort(([a, some], [b, others]) => others - some || compareNames(a, b))
    .slice(0, SHOWN)
    .map(([name]) => name)
    .sort(compareNames);
  const counts = classes.map(() => classes.map((): number | null => null));
  let left = 0;
  for (const { predicted, label, count } of cells) {
    const row = counts[classes.indexOf(label)];
    const column = classes.indexOf(predicted);
    if (row === undefined || column < 0) left += count;
    else row[column] = (row[column] ?? 0) + count;
  }
  // A name that is another class's own would stand there twice.
  const names = classes.map((one) => {
    const name = called.get(one) ?? one;
    return classes.includes(name) ? one : name;
  });
  return { names, counts, left, rare };
}
