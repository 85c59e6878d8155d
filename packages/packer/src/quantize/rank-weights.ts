/** Weights that are kept together, and what the model is off by where they alone are quantized. */
export interface RankedWeights {
  readonly names: readonly string[];
  readonly error: number;
}

/**
 * Finds out which weights cost a model most when they are quantized. Each is measured by itself where
 * that takes no more than `probes` runs; of more weights than that, neighbours are measured together
 * first, and the worst groups are taken apart for as long as runs are left.
 *
 * @param names in graph order
 * @param errorOf what the model is off by where these weights alone are quantized
 * @returns the worst first
 */
export async function rankWeights(
  names: readonly string[],
  { probes, errorOf }: { probes: number; errorOf: (names: readonly string[]) => Promise<number> },
): Promise<RankedWeights[]> {
  // Half of the runs go into the groups, the other half into taking the worst apart.
  const size = names.length <= probes ? 1 : Math.ceil((2 * names.length) / probes);
  const measure = async (group: readonly string[]): Promise<RankedWeights> => ({
    names: group,
    error: await errorOf(group),
  });
  const ranked: RankedWeights[] = [];
  for (let at = 0; at < names.length; at += size)
    ranked.push(await measure(names.slice(at, at + size)));
  worstFirst(ranked);
  for (let left = probes - ranked.length; left >= 2; left -= 2) {
    const worst = ranked.findIndex((group) => group.names.length > 1);
    const [group] = worst === -1 ? [] : ranked.splice(worst, 1);
    if (group === undefined) break;
    const middle = group.names.length >> 1;
    for (const half of [group.names.slice(0, middle), group.names.slice(middle)])
      ranked.push(await measure(half));
    worstFirst(ranked);
  }
  return ranked;
}

/** Stable: of equals, the first in the graph comes first. */
function worstFirst(ranked: RankedWeights[]): void {
  ranked.sort((a, b) => b.error - a.error);
}
