import { effect, untracked } from "@preact/signals";
import { isSignInWanted } from "../api.ts";
import type { DashboardState } from "./dashboard-state.ts";

/** The part of a document that says whether anyone is looking. */
export type Visibility = Pick<Document, "visibilityState" | "addEventListener">;

/**
 * Refreshes at once when the view changes, when it is set to live and when the page is shown
 * again; then at the range's pace, counted from each answer, while the page is visible and the
 * collector does not wait for a token.
 */
export function poll(state: DashboardState, page: Visibility): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = 0;

  const isDue = (): boolean =>
    state.isLive.peek() &&
    page.visibilityState === "visible" &&
    !isSignInWanted(state.fault.peek());

  async function refreshAndWait(): Promise<void> {
    latest += 1;
    const mine = latest;
    clearTimeout(timer);
    await state.refresh();
    if (mine === latest && isDue()) schedule();
  }

  function schedule(): void {
    timer = setTimeout(() => void refreshAndWait(), state.view.peek().range.refreshMs);
  }

  effect(() => {
    state.view.value;
    state.token.value.value;
    void untracked(refreshAndWait);
  });
  effect(() => {
    if (!state.isLive.value) clearTimeout(timer);
    else if (untracked(() => state.snapshot.value) !== undefined) void untracked(refreshAndWait);
  });
  page.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (isDue()) void refreshAndWait();
  });
}
