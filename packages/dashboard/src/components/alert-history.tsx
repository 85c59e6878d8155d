import type { AlertsAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { formatAlertValue } from "../format/format-alert-value.ts";
import { STATES } from "./alert-names.ts";
import { Chip } from "./chip.tsx";
import { Labels } from "./labels.tsx";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";

interface AlertHistoryProps {
  readonly changes: AlertsAnswer["history"];
  /** What is watched now; a rule that is not among them has lost its unit. */
  readonly rules: AlertsAnswer["rules"];
  readonly now: number;
}

const UNKNOWN = { kind: "threshold", unit: "number" } as const;

/** What went from one state to another, and whether its webhook was told. */
export function AlertHistory({ changes, rules, now }: AlertHistoryProps): JSX.Element {
  const kindOf = new Map(rules.map((rule) => [rule.name, rule]));
  if (changes.length === 0)
    return <p class="nothing">Nothing has changed since rules are watched.</p>;
  return (
    <table class="alerts">
      <caption class="visually-hidden">Changes of alerts</caption>
      <thead>
        <tr>
          <th scope="col">To</th>
          <th scope="col">Rule</th>
          <th scope="col" class="wide">
            From
          </th>
          <th scope="col" class="wide">
            Webhook
          </th>
          <th scope="col" class="number wide">
            Value
          </th>
          <th scope="col" class="number">
            When
          </th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ at, rule, labels, from, to, value, delivered }) => (
          <tr key={JSON.stringify([at, rule, labels, to])}>
            <td>
              <Chip tone={STATES[to].tone}>{STATES[to].name}</Chip>
            </td>
            <th scope="row" class="rule">
              <Name>{rule}</Name>{" "}
              <span class="rule-summary">
                <Labels labels={labels} />
              </span>
            </th>
            <td class="wide soft">{STATES[from].name.toLowerCase()}</td>
            <td class="wide">
              <Delivery delivered={delivered} />
            </td>
            <td class="number wide">{formatAlertValue(value, kindOf.get(rule) ?? UNKNOWN)}</td>
            <td class="number">
              <Moment at={at} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Delivery({ delivered }: { readonly delivered: boolean | null }): JSX.Element {
  if (delivered === null) return <span class="faint">none</span>;
  return delivered ? <span class="soft">told</span> : <span class="danger">not reached</span>;
}
