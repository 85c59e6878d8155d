import type { DashboardState, Snapshot } from "../state/dashboard-state.ts";

/** What a page is drawn from. */
export interface PageProps {
  readonly state: DashboardState;
  readonly snapshot: Snapshot;
}
