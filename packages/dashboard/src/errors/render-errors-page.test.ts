import { expect, test } from "vitest";
import { renderErrorsPage } from "./render-errors-page.ts";

test("each code has an anchor, and text stays text", () => {
  const page = renderErrorsPage('## A <b>\n| `a-b` | Where 1 < 2. | Say "no" & go. |', "a.css");
  expect(page).toContain('<div id="a-b">');
  expect(page).toContain("Where 1 &lt; 2.");
  expect(page).toContain("Say &quot;no&quot; &amp; go.");
  expect(page).toContain("<h2>A &lt;b&gt;</h2>");
  expect(page).toContain('href="./a.css"');
});
