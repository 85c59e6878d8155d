import type { AlertsAnswer, StatsAnswer } from "@selvedge/protocol";
import type { VersionTotals } from "../store/store.ts";
import type { Family, Sample } from "./exposition.ts";

/** Everything that `/metrics` tells of. */
export interface Figures {
  readonly stats: StatsAnswer;
  readonly totals: readonly VersionTotals[];
  readonly rules: AlertsAnswer["rules"];
  readonly commits: readonly Sample[];
}

/** What Prometheus is told. */
export function collectFamilies({ stats, totals, rules, commits }: Figures): Family[] {
  return [
    gauge("selvedge_collector_start_time_seconds", "When the collector started, since 1970.", [
      { value: stats.startedAt / 1000 },
    ]),
    counter(
      "selvedge_collector_received_total",
      "Points, records and spans that were stored since the collector started.",
      bySignal(stats.received),
    ),
    counter(
      "selvedge_collector_refused_total",
      "Points, records and spans that made no sense.",
      bySignal(stats.refused),
    ),
    counter(
      "selvedge_collector_capped_total",
      "Points of which a label was counted as other, since the collector started.",
      Object.entries(stats.capped).map(([label, value]) => ({ labels: { label }, value })),
    ),
    {
      name: "selvedge_collector_commit_seconds",
      type: "histogram",
      help: "How long batches took to become durable.",
      samples: commits,
    },
    gauge("selvedge_collector_store_bytes", "What the store takes on disk.", [
      { value: stats.bytesOnDisk },
    ]),
    gauge(
      "selvedge_collector_store_rows",
      "Rows of each table of the store.",
      Object.entries(stats.rows).map(([table, value]) => ({ labels: { table }, value })),
    ),
    gauge("selvedge_alerts", "Things that each rule watches, by where they stand.", alerts(rules)),
    ...(
      [
        ["predictions", "Predictions on devices since the store was made."],
        ["failures", "Failures on devices since the store was made."],
        ["loads", "Loads of models on devices since the store was made."],
      ] as const
    ).map(([name, help]) =>
      counter(
        `selvedge_${name}_total`,
        help,
        totals.map(({ model, version, ...sums }) => ({
          labels: { model, version },
          value: sums[name],
        })),
      ),
    ),
  ];
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "counter", help, samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: "gauge", help, samples };
}

function bySignal(counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([signal, value]) => ({ labels: { signal }, value }));
}

const STATES = ["ok", "pending", "firing", "no-data"] as const;

/** Every state of every rule, so that one that ended is known to be 0. */
function alerts(rules: AlertsAnswer["rules"]): Sample[] {
  return rules.flatMap(({ name: rule, severity, instances }) =>
    STATES.map((state) => ({
      labels: { rule, severity, state },
      value: instances.filter((instance) => instance.state === state).length,
    })),
  );
}
