import { effect } from "@preact/signals";
import { PAGE_NAMES } from "../page-names.ts";
import type { DashboardState } from "./dashboard-state.ts";
import { formatView, parseView } from "./view.ts";

/**
 * Keeps the URL and the view the same, both ways: a choice is a step that Back undoes. Links within
 * the dashboard change the view in place; a page that was gone to is read from its heading.
 */
export function bindViewToUrl({ view }: DashboardState, window: Window): void {
  const { history, location, document } = window;
  history.replaceState(null, "", formatView(view.peek()) + location.hash);
  window.addEventListener("popstate", () => {
    const asked = parseView(location.search);
    // A step within the page, such as to the figures, asks nothing new.
    if (formatView(asked) !== formatView(view.peek())) view.value = asked;
  });
  document.addEventListener("click", (event) => {
    const query = plainQuery(event);
    if (query === undefined) return;
    event.preventDefault();
    view.value = parseView(query);
    window.scrollTo(0, 0);
    // The page has yet to be asked for: its heading takes the focus on from here when it comes.
    document.querySelector("main")?.focus({ preventScroll: true });
  });
  effect(() => {
    const query = formatView(view.value);
    document.title = `${PAGE_NAMES[view.value.page]} – Selvedge`;
    if (query !== formatView(parseView(location.search))) history.pushState(null, "", query);
  });
}

/** The query that a click leads to, unless it is meant for another tab or another place. */
function plainQuery(event: MouseEvent): string | undefined {
  if (event.defaultPrevented || event.button !== 0) return undefined;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const href = link?.getAttribute("href");
  return href?.startsWith("?") ? href : undefined;
}
