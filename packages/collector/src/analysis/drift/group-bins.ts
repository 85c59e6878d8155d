/** How many contributors a cell needs before anything is said of it. */
export const MIN_HOLDERS = 50;

/** A partition of a feature's bins, each group by its bins' places, ascending. */
export type Groups = readonly (readonly number[])[];

/** What contributors have in each bin: their shares added up, and how many have anything there. */
export interface Cells {
  readonly shares: readonly number[];
  readonly holders: readonly number[];
}

/**
 * Joins bins until each group has at least 50 contributors for certain, so that nothing is left that
 * would have to be hidden, and nothing that follows by subtraction. Bins that have an order are joined
 * with their neighbours; categories that are too rare become one group, with the next rarest where they
 * are too rare together.
 *
 * @returns one group of all bins where that takes all, and an empty list where not even they have 50
 */
export function groupBins(cells: Cells, isOrdered: boolean): Groups {
  const bins = [...cells.shares.keys()];
  if (leastHolders(cells, bins) < MIN_HOLDERS) return [];
  return isOrdered ? joinNeighbours(cells, bins) : joinRarest(cells, bins);
}

/** The finest partition that both can be brought to by joining groups. */
export function joinGroups(a: Groups, b: Groups): Groups {
  let joined = a.map((group) => [...group]);
  for (const group of b) {
    const touched = joined.filter((other) => other.some((bin) => group.includes(bin)));
    const rest = joined.filter((other) => !touched.includes(other));
    joined = [...rest, touched.flat().toSorted((x, y) => x - y)];
  }
  return joined.toSorted((x, y) => (x[0] ?? 0) - (y[0] ?? 0));
}

/**
 * How many contributors these bins have at least: as many as the one that has most, and no fewer than
 * their shares come to, since nobody has more than a share of 1.
 */
function leastHolders({ shares, holders }: Cells, bins: readonly number[]): number {
  const most = Math.max(0, ...bins.map((bin) => holders[bin] ?? 0));
  const sum = bins.reduce((total, bin) => total + (shares[bin] ?? 0), 0);
  // Shares were added up in floating point.
  return Math.max(most, Math.floor(sum + 1e-6));
}

function joinNeighbours(cells: Cells, bins: readonly number[]): Groups {
  const groups: number[][] = [];
  let open: number[] = [];
  for (const bin of bins) {
    open.push(bin);
    if (leastHolders(cells, open) < MIN_HOLDERS) continue;
    groups.push(open);
    open = [];
  }
  const last = groups.pop() ?? [];
  return [...groups, [...last, ...open]];
}

function joinRarest(cells: Cells, bins: readonly number[]): Groups {
  const isRare = (bin: number) => leastHolders(cells, [bin]) < MIN_HOLDERS;
  const rare = bins.filter(isRare);
  const others = bins
    .filter((bin) => !isRare(bin))
    .toSorted((a, b) => (cells.holders[a] ?? 0) - (cells.holders[b] ?? 0));
  while (rare.length > 0 && leastHolders(cells, rare) < MIN_HOLDERS) {
    const next = others.shift();
    if (next === undefined) break;
    rare.push(next);
  }
  const groups = [...others.map((bin) => [bin]), rare.toSorted((a, b) => a - b)];
  return groups.filter((group) => group.length > 0).toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}
