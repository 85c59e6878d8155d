import type { JSX } from "preact";
import { formatDays } from "../format/format-time.ts";
import type { VersionAccuracy } from "./accuracy-panel.tsx";

interface FeedbackDaysProps {
  readonly of: VersionAccuracy["days"];
}

/** The days that a figure of feedback is of, which are not those of the window; nothing without any. */
export function FeedbackDays({ of }: FeedbackDaysProps): JSX.Element | null {
  return of === null ? null : <span class="faint feedback-days">{formatDays(of.from, of.to)}</span>;
}
