/** One row of results: what was measured several times, by turns with others. */
export function summary(name, contender, [metric, unit], values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
  const [middling, min, max] = [median, sorted[0], sorted.at(-1)].map(rounded);
  return { name, contender, metric, unit, median: middling, min, max, n: values.length };
}

/** A row that says how many of some visits went so. */
export function shareOf(name, contender, visits, isSo) {
  const value = rounded((100 * visits.filter(isSo).length) / visits.length);
  const n = visits.length;
  return { name, contender, metric: "share", unit: "%", median: value, min: value, max: value, n };
}

/** How the medians of rows with one name and metric are to that of one contender among them. */
export function ratiosTo(peer, rows) {
  const isLike = (row) => (other) => other.name === row.name && other.contender === peer;
  return rows.flatMap((row) => {
    const other = rows.find(isLike(row));
    if (row.contender === peer || !other?.median) return [];
    const value = Number((row.median / other.median).toFixed(3));
    return [{ name: row.name, of: row.contender, to: peer, value }];
  });
}

function rounded(value) {
  return Number(value.toFixed(1));
}
