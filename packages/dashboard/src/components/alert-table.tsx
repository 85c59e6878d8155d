import type { AlertsAnswer } from "@selvedge/protocol";
import type { ComponentChildren, JSX } from "preact";
import { formatAlertValue } from "../format/format-alert-value.ts";
import { STATES, type StandingAlert } from "./alert-names.ts";
import { Chip } from "./chip.tsx";
import { Labels } from "./labels.tsx";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";

interface AlertTableProps {
  readonly standing: readonly StandingAlert[];
  /** Rules that have found nothing to watch yet. */
  readonly silent: AlertsAnswer["rules"];
  readonly now: number;
}

/** Each thing a rule watches, where it stands and since when. */
export function AlertTable({ standing, silent, now }: AlertTableProps): JSX.Element {
  return (
    <table class="alerts">
      <caption class="visually-hidden">Alert rules and where they stand</caption>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Rule</th>
          <th scope="col" class="wide">
            Severity
          </th>
          <th scope="col" class="wide">
            About
          </th>
          <th scope="col" class="number wide">
            Value
          </th>
          <th scope="col" class="number wide">
            Since
          </th>
        </tr>
      </thead>
      <tbody>
        {standing.map(({ rule, instance }) => (
          <tr key={JSON.stringify([rule.name, instance.labels])} data-state={instance.state}>
            <td>
              <Chip tone={STATES[instance.state].tone}>{STATES[instance.state].name}</Chip>
            </td>
            <RuleCell rule={rule}>
              <Labels labels={instance.labels} />
              <div class="soft">
                {instance.value !== null && formatAlertValue(instance.value, rule)} since{" "}
                <Moment at={instance.since} now={now} />
              </div>
            </RuleCell>
            <td class="wide">{rule.severity}</td>
            <td class="wide">
              <Labels labels={instance.labels} />
            </td>
            <td class="number wide">{formatAlertValue(instance.value, rule)}</td>
            <td class="number wide">
              <Moment at={instance.since} now={now} />
            </td>
          </tr>
        ))}
        {silent.map((rule) => (
          <tr key={rule.name} data-state="no-data">
            <td>
              <Chip tone="quiet">Nothing seen</Chip>
            </td>
            <RuleCell rule={rule} />
            <td class="wide">{rule.severity}</td>
            <td class="wide faint">no device it would be about</td>
            <td class="number wide">–</td>
            <td class="number wide">–</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RuleCell(props: {
  readonly rule: AlertsAnswer["rules"][number];
  /** What has no column of its own on a phone. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { rule, children } = props;
  return (
    <th scope="row" class="rule">
      <Name>{rule.name}</Name> <span class="faint">{rule.kind}</span>
      <span class="rule-summary soft">{rule.summary}</span>
      <div class="narrow">{children}</div>
    </th>
  );
}
