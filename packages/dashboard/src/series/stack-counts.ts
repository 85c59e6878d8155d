/**
 * Adds each series onto those below it, for bars that stand on one another: the result's first row
 * is the first series alone, its last row everything.
 */
export function stackCounts(rows: readonly (readonly (number | null)[])[]): number[][] {
  const heights: number[] = [];
  return rows.map((row) =>
    row.map((count, step) => {
      const height = (heights[step] ?? 0) + (count ?? 0);
      heights[step] = height;
      return height;
    }),
  );
}
