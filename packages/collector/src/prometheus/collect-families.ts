import type { AlertsAnswer, HealthAnswer, StatsAnswer } from "@selvedge/protocol";
import type { Family, Sample } from "./exposition.ts";

/** Versions that are told apart; what more there are is added up as `other`, for each costs memory there. */
const MAX_VERSIONS = 200;

/** Everything that `/metrics` tells of. */
export interface Figures {
  readonly stats: StatsAnswer;
  /** Since the collector started. */
  readonly health: HealthAnswer;
  readonly rules: AlertsAnswer["rules"];
  readonly commits: readonly Sample[];
}

/** What Prometheus is told. */
export function collectFamilies({ stats, health, rules, commits }: Figures): Family[] {
  const versions = byVersion(health.groups);
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
        ["predictions", "Predictions on devices since the collector started."],
        ["failures", "Failures on devices since the collector started."],
        ["loads", "Loads of models on devices since the collector started."],
      ] as const
    ).map(([name, help]) =>
      counter(
        `selvedge_${name}_total`,
        help,
        versions.map(({ labels, sums }) => ({ labels, value: sums[name] })),
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

interface VersionSums {
  readonly labels: { readonly model: string; readonly version: string };
  readonly sums: { predictions: number; failures: number; loads: number };
}

function byVersion(groups: HealthAnswer["groups"]): VersionSums[] {
  const versions = new Map<string, VersionSums>();
  for (const { model, version, predictions, failures, loads } of groups) {
    const key = JSON.stringify([model, version]);
    const isKnown = versions.has(key) || versions.size < MAX_VERSIONS;
    const labels = isKnown ? { model, version } : { model: "other", version: "other" };
    const place = isKnown ? key : "other";
    const sums = versions.get(place)?.sums ?? { predictions: 0, failures: 0, loads: 0 };
    sums.predictions += predictions;
    sums.failures += failures;
    sums.loads += loads;
    versions.set(place, { labels, sums });
  }
  return [...versions.values()];
}
