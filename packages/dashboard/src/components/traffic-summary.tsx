import type { JSX } from "preact";
import { formatCount, formatShare } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import { formatAgo, formatMoment } from "../format/format-time.ts";
import { isKnown } from "../series/series-identity.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { SeriesName } from "./series-name.tsx";
import { SummaryStrip } from "./summary-strip.tsx";

interface TrafficSummaryProps {
  readonly snapshot: Snapshot;
}

/** How much runs, how much fails, how slow it gets, and what wants to be looked at. */
export function TrafficSummary({ snapshot }: TrafficSummaryProps): JSX.Element {
  const { view, focus, parts, fetchedAt } = snapshot;
  const models = snapshot.models.models.filter(
    ({ name }) => focus.model === undefined || name === focus.model,
  );
  const rows = models
    .flatMap((model) => model.versions)
    .filter(({ version }) => view.version === undefined || version === view.version);
  const versions = rows.filter(({ version }) => isKnown(version));
  const predictions = rows.reduce((sum, version) => sum + version.predictions, 0);
  const failures = rows.reduce((sum, version) => sum + version.failures, 0);
  const lastSeen = Math.max(...rows.map((version) => version.lastSeen));
  const slowest = (parts.latency?.answer?.predict ?? [])
    .filter(({ version }) => view.version === undefined || version === view.version)
    .toSorted((a, b) => b.p95 - a.p95)[0];
  const alerts = parts.alerts?.answer;
  const instances = (alerts?.rules ?? [])
    .flatMap((rule) => rule.instances)
    .filter(({ labels }) => focus.model === undefined || labels["model"] === focus.model);
  const firing = instances.filter(({ state }) => state === "firing").length;
  const pending = instances.filter(({ state }) => state === "pending").length;
  return (
    <SummaryStrip
      label={`The last ${view.range.name} in figures`}
      figures={[
        {
          name: "Predictions",
          value: formatCount(predictions),
          note:
            focus.model === undefined
              ? `${plural(models.length, "model")}, ${plural(versions.length, "version")}`
              : plural(versions.length, "version"),
        },
        {
          name: "Failure rate",
          value: formatShare(failures, predictions + failures),
          note: `${formatCount(failures)} of ${formatCount(predictions + failures)} calls`,
        },
        {
          name: "Slowest p95",
          value: slowest === undefined ? "–" : formatDuration(slowest.p95),
          note:
            slowest === undefined ? (
              "nothing measured"
            ) : (
              <SeriesName
                identity={slowest}
                withModel={focus.model === undefined}
                dtype={slowest.dtype}
              />
            ),
        },
        {
          name: "Alerts firing",
          value: alerts === undefined ? "–" : formatCount(firing),
          note: alertsNote(alerts === undefined ? undefined : instances.length, pending),
          isAlarming: firing > 0,
        },
        {
          name: "Last heard from",
          value: rows.length === 0 ? "–" : formatAgo(lastSeen, fetchedAt),
          note: rows.length === 0 ? "not in this time" : formatMoment(lastSeen),
        },
      ]}
    />
  );
}

function alertsNote(watched: number | undefined, pending: number): string {
  if (watched === undefined) return "not answered";
  if (pending > 0) return `${pending} more pending`;
  return watched === 0 ? "nothing watched" : `${watched} watched`;
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
