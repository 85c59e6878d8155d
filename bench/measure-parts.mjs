/**
 * Runs the parts of a suite one after the other, or one of them alone, and gathers what they found.
 *
 * @param parts what measures, by name; each resolves to `{ results, ratios }`
 */
export async function measureParts(parts, bench, only) {
  const found = { results: [], ratios: [] };
  for (const [name, measure] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    console.error(`Measuring ${name}…`);
    const { results, ratios } = await measure(bench);
    found.results.push(...results);
    found.ratios.push(...ratios);
  }
  return found;
}
