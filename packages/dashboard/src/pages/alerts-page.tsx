import type { AlertsAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { AlertHistory } from "../components/alert-history.tsx";
import { standingAlerts } from "../components/alert-names.ts";
import { AlertTable } from "../components/alert-table.tsx";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { PartOf } from "../components/part-of.tsx";
import type { PageProps } from "./page-props.ts";

/** What is watched, where it stands, and what changed lately. */
export function AlertsPage({ snapshot }: PageProps): JSX.Element {
  const { parts, focus, fetchedAt } = snapshot;
  return (
    <>
      <PageHead
        title="Alerts"
        note={focus.model === undefined ? "Every rule" : `What is watched of ${focus.model}`}
      />
      <PartOf part={parts.alerts}>
        {(alerts) =>
          alerts.rules.length === 0 ? (
            <NoRules />
          ) : (
            <Standing alerts={alerts} model={focus.model} now={fetchedAt} />
          )
        }
      </PartOf>
    </>
  );
}

interface StandingProps {
  readonly alerts: AlertsAnswer;
  readonly model: string | undefined;
  readonly now: number;
}

function Standing({ alerts, model, now }: StandingProps): JSX.Element {
  const standing = standingAlerts(alerts, model);
  const count = (...states: readonly string[]): number =>
    standing.filter(({ instance }) => states.includes(instance.state)).length;
  const silent = alerts.rules.filter(({ instances }) => instances.length === 0);
  return (
    <>
      <p class="verdict">
        {count("firing")} firing, {count("pending")} pending, {count("ok")} quiet,{" "}
        {count("no-data")} without data.
      </p>
      <Panel id="standing" title="Where rules stand" note="what is worst first">
        <AlertTable standing={standing} silent={model === undefined ? silent : []} now={now} />
      </Panel>
      <Panel id="history" title="What changed" note="the latest first">
        <AlertHistory
          rules={alerts.rules}
          changes={alerts.history.filter(
            ({ labels }) => model === undefined || labels["model"] === model,
          )}
          now={now}
        />
      </Panel>
    </>
  );
}

const EXAMPLE = `{
  "alerts": {
    "rules": [
      {
        "name": "failures-high",
        "kind": "threshold",
        "metric": "failure-rate",
        "above": 0.01,
        "window": "15m"
      },
      { "name": "features-drift", "kind": "drift" }
    ]
  }
}`;

function NoRules(): JSX.Element {
  return (
    <Panel id="no-rules" title="Nothing is watched yet">
      <p>
        Rules stand in the collector’s configuration, given to{" "}
        <code>selvedge serve --config FILE</code>. Such as:
      </p>
      <pre class="code">
        <code>{EXAMPLE}</code>
      </pre>
      <p class="soft">
        A rule watches a figure, how it changes, how fast a budget of failures burns, or drift. Each
        can tell a webhook, too.
      </p>
    </Panel>
  );
}
