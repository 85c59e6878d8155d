import type { ClassedRow, Observation } from "./observation.ts";

/** The share of items whose most likely class is the right one. */
export function accuracy(cases: readonly Observation[]): number {
  return shareOf(rowsOf(cases), ({ label, ranking }) => ranking[0] === label);
}

/** The share of items whose class is among the five most likely ones; NaN of fewer classes than that. */
export function top5(cases: readonly Observation[]): number {
  const rows = rowsOf(cases);
  if (rows.some(({ ranking }) => ranking.length < 5)) return Number.NaN;
  return shareOf(rows, ({ label, ranking }) => ranking.includes(label));
}

/**
 * Macro F1: the mean of 2·TP / (2·TP + FP + FN) over the classes that occur, as labels or as answers.
 * Rare classes count as much as frequent ones.
 *
 * @see https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
 */
export function macroF1(cases: readonly Observation[]): number {
  const counts = new Map<number, { hits: number; misses: number }>();
  const countsOf = (label: number): { hits: number; misses: number } => {
    const known = counts.get(label) ?? { hits: 0, misses: 0 };
    counts.set(label, known);
    return known;
  };
  for (const { label, ranking } of rowsOf(cases)) {
    const [answer = Number.NaN] = ranking;
    if (answer === label) countsOf(label).hits += 1;
    else {
      countsOf(label).misses += 1;
      countsOf(answer).misses += 1;
    }
  }
  const scores = [...counts.values()].map(({ hits, misses }) => (2 * hits) / (2 * hits + misses));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function rowsOf(cases: readonly Observation[]): ClassedRow[] {
  return cases.flatMap(({ classes = [] }) => classes);
}

function shareOf(rows: readonly ClassedRow[], holds: (row: ClassedRow) => boolean): number {
  return rows.filter(holds).length / rows.length;
}
