import { type ErrorMeaning, parseErrorTable } from "./parse-error-table.ts";

/**
 * `docs/errors.md` as a page of its own, each code under its own anchor.
 *
 * @param style the address of a stylesheet, relative to the page
 */
export function renderErrorsPage(markdown: string, style: string): string {
  const chapters = new Map<string, ErrorMeaning[]>();
  for (const meaning of parseErrorTable(markdown)) {
    const some = chapters.get(meaning.chapter) ?? [];
    chapters.set(meaning.chapter, [...some, meaning]);
  }
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Errors – Selvedge</title>
    <link rel="icon" type="image/svg+xml" href="./favicon.svg" />
    <link rel="stylesheet" href="./${escapeText(style)}" />
  </head>
  <body>
    <main class="errors">
      <div class="page-head"><h1>Errors</h1><p><a href="./">Back to the dashboard</a></p></div>
      ${[...chapters].map(renderChapter).join("\n")}
    </main>
  </body>
</html>
`;
}

function renderChapter([chapter, meanings]: readonly [string, readonly ErrorMeaning[]]): string {
  const rows = meanings.map(
    ({ code, when, next }) => `<div id="${escapeText(code)}">
          <dt><code>${escapeText(code)}</code></dt>
          <dd>${escapeText(when)}</dd>
          <dd><strong>What to do:</strong> ${escapeText(next)}</dd>
        </div>`,
  );
  return `<section class="panel">
        <header class="panel-head"><h2>${escapeText(chapter)}</h2></header>
        <dl>${rows.join("\n        ")}</dl>
      </section>`;
}

function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
