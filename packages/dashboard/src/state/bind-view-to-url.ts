import { effect } from "@preact/signals";
import type { DashboardState } from "./dashboard-state.ts";
import { formatView, parseView } from "./view.ts";

/** Keeps the URL and the view the same, both ways: a choice is a step that Back undoes. */
export function bindViewToUrl({ view }: DashboardState, window: Window): void {
  const { history, location } = window;
  history.replaceState(null, "", formatView(view.peek()) + location.hash);
  window.addEventListener("popstate", () => {
    view.value = parseView(location.search);
  });
  effect(() => {
    const query = formatView(view.value);
    if (query !== formatView(parseView(location.search))) history.pushState(null, "", query);
  });
}
