import type { Page } from "./state/view.ts";

/** What the pages are called, in the navigation and in the window's title. */
export const PAGE_NAMES: Readonly<Record<Page, string>> = {
  fleet: "Fleet",
  model: "Model",
  compare: "Compare",
  drift: "Drift",
  failures: "Failures",
  prediction: "Prediction",
  alerts: "Alerts",
};
