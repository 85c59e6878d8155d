/** Prints what a suite measured as a table in Markdown: `node bench/table.mjs FILE.json`. */
import { readFile } from "node:fs/promises";

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node bench/table.mjs FILE.json");
  process.exit(2);
}
const { results } = JSON.parse(await readFile(file, "utf8"));
const contenders = [...new Set(results.map(({ contender }) => contender))];
const cells = new Map(results.map((row) => [`${row.name}\n${row.contender}`, row]));
const line = (texts) => console.log(`| ${texts.join(" | ")} |`);
line(["", ...contenders]);
line(["---", ...contenders.map(() => "--:")]);
for (const name of new Set(results.map((row) => row.name)))
  line([name, ...contenders.map((contender) => shown(cells.get(`${name}\n${contender}`)))]);

function shown(row) {
  if (row === undefined) return "";
  const { median, unit } = row;
  return unit === "byte" ? `${Math.round(median / 1000)} KB` : `${Math.round(median)} ${unit}`;
}
