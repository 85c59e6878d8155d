import type { AlertsAnswer } from "@selvedge/protocol";
import { formatBytes } from "./format-bytes.ts";
import { formatDuration } from "./format-duration.ts";
import { formatNumber, formatPercent, withSign } from "./format-number.ts";

type Rule = Pick<AlertsAnswer["rules"][number], "kind" | "unit">;

const FORMATS: Readonly<Record<Rule["unit"], (size: number) => string>> = {
  share: formatPercent,
  milliseconds: formatDuration,
  bytes: formatBytes,
  number: formatNumber,
};

/** What a rule watches, in its unit; of a change with its sign. A dash where it is not known. */
export function formatAlertValue(value: number | null, rule: Rule): string {
  if (value === null) return "–";
  const format = FORMATS[rule.unit];
  return rule.kind === "change" ? withSign(value, format) : format(value);
}
