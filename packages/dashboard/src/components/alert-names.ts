import type { AlertState, AlertsAnswer } from "@selvedge/protocol";
import type { Tone } from "./tone.ts";

type Severity = AlertsAnswer["rules"][number]["severity"];

/** What a state is called, and how it looks. */
export const STATES: Readonly<Record<AlertState, { readonly name: string; readonly tone: Tone }>> =
  {
    firing: { name: "Firing", tone: "bad" },
    pending: { name: "Pending", tone: "warn" },
    "no-data": { name: "No data", tone: "quiet" },
    ok: { name: "OK", tone: "good" },
  };

/** The more there is to do, the earlier. */
const STATE_ORDER: readonly AlertState[] = ["firing", "pending", "no-data", "ok"];

const SEVERITY_ORDER: readonly Severity[] = ["critical", "warning", "info"];

/** An alert of a rule, and where it stands. */
export interface StandingAlert {
  readonly rule: AlertsAnswer["rules"][number];
  readonly instance: AlertsAnswer["rules"][number]["instances"][number];
}

/** All that is watched, or all of one model: what is worst first, then what has lasted longest. */
export function standingAlerts(
  { rules }: AlertsAnswer,
  model: string | undefined,
): StandingAlert[] {
  const rank = ({ rule, instance }: StandingAlert): number =>
    STATE_ORDER.indexOf(instance.state) * SEVERITY_ORDER.length +
    SEVERITY_ORDER.indexOf(rule.severity);
  return rules
    .flatMap((rule) => rule.instances.map((instance) => ({ rule, instance })))
    .filter(({ instance }) => model === undefined || instance.labels["model"] === model)
    .sort((a, b) => rank(a) - rank(b) || a.instance.since - b.instance.since);
}
