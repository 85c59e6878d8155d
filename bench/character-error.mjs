/** The share of characters that have to be changed to get from what was read to what was written. */
export function characterErrorRate(pairs) {
  let edits = 0;
  let characters = 0;
  for (const { read, written } of pairs) {
    edits += editDistance(read, written);
    characters += written.length;
  }
  return edits / characters;
}

function editDistance(a, b) {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  return previous[b.length];
}
