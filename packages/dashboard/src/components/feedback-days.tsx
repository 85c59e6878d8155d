import type { FeedbackDays as Days } from "@selvedge/protocol";
import type { JSX } from "preact";
import { formatSomeDays } from "../format/format-time.ts";

interface FeedbackDaysProps {
  readonly of: Days | null;
}

/** The days that a figure of feedback is of, which are not those of the window; nothing without any. */
export function FeedbackDays({ of }: FeedbackDaysProps): JSX.Element | null {
  if (of === null) return null;
  return <span class="faint feedback-days">{formatSomeDays(of)}</span>;
}
