/** What `docs/errors.md` says of a code. */
export interface ErrorMeaning {
  readonly code: string;
  readonly when: string;
  readonly next: string;
  /** The chapter it stands in. */
  readonly chapter: string;
}

/** Reads the rows of the tables of errors in `docs/errors.md`. */
export function parseErrorTable(markdown: string): ErrorMeaning[] {
  const meanings: ErrorMeaning[] = [];
  let chapter = "";
  for (const line of markdown.split("\n")) {
    if (line.startsWith("## ")) chapter = line.slice(3).trim();
    const [, code, when, next] = /^\|\s*`([a-z0-9-]+)`\s*\|(.*)\|(.*)\|\s*$/.exec(line) ?? [];
    if (code === undefined || when === undefined || next === undefined) continue;
    meanings.push({ code, when: plain(when), next: plain(next), chapter });
  }
  return meanings;
}

/** As text: the page draws no Markdown. */
function plain(cell: string): string {
  return cell
    .trim()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[`*]/g, "");
}
