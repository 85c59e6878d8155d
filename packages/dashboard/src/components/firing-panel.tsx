import type { AlertsAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { formatAlertValue } from "../format/format-alert-value.ts";
import { linkTo } from "../state/link-to.ts";
import type { View } from "../state/view.ts";
import { STATES, standingAlerts } from "./alert-names.ts";
import { Chip } from "./chip.tsx";
import { Labels } from "./labels.tsx";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";

interface FiringPanelProps {
  readonly alerts: Part<AlertsAnswer> | undefined;
  readonly view: View;
  readonly now: number;
}

const SHOWN = 5;

/** What wants to be looked at now; nothing at all where nothing does. */
export function FiringPanel({ alerts, view, now }: FiringPanelProps): JSX.Element | null {
  if (alerts?.answer === undefined) return null;
  const waiting = standingAlerts(alerts.answer, view.model).filter(
    ({ instance: { state } }) => state === "firing" || state === "pending",
  );
  if (waiting.length === 0) return null;
  return (
    <Panel
      id="firing"
      title="Needs attention"
      controls={
        <a class="panel-link" href={linkTo(view, "alerts")}>
          All alerts
        </a>
      }
    >
      <ul class="firing">
        {waiting.slice(0, SHOWN).map(({ rule, instance }) => (
          <li key={JSON.stringify([rule.name, instance.labels])}>
            <Chip tone={STATES[instance.state].tone}>{STATES[instance.state].name}</Chip>
            <span class="firing-what">
              <strong>
                <Name>{rule.name}</Name>
              </strong>{" "}
              <span class="soft">{rule.summary}</span>
            </span>
            <Labels labels={instance.labels} />
            <span class="number">
              {instance.value === null ? "" : formatAlertValue(instance.value, rule)}{" "}
              <span class="faint">
                since <Moment at={instance.since} now={now} />
              </span>
            </span>
          </li>
        ))}
      </ul>
      {waiting.length > SHOWN && <p class="faint">and {waiting.length - SHOWN} more</p>}
    </Panel>
  );
}
