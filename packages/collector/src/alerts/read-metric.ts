import { quantile } from "@selvedge/protocol";
import type { Store, VersionFigures, Window } from "../store/store.ts";
import type { AlertMetric } from "./alert-rule.ts";

/** The questions that metrics are made of. */
export type MetricStore = Pick<Store, "figures" | "health" | "feedback">;

/** A metric of one version. */
export interface MetricValue {
  readonly model: string;
  readonly version: string;
  readonly value: number;
  /** How much it was measured on. */
  readonly count: number;
}

const QUANTILES = { "latency-p50": 0.5, "latency-p95": 0.95, "latency-p99": 0.99 } as const;

/** Reads a metric of every version that has one in the window. */
export async function readMetric(
  store: MetricStore,
  metric: AlertMetric,
  window: Window,
): Promise<MetricValue[]> {
  switch (metric) {
    case "failure-rate":
    case "predictions":
    case "latency-p50":
    case "latency-p95":
    case "latency-p99":
      return (await store.figures(window)).flatMap((figures) => fromFigures(metric, figures) ?? []);
    case "memory-p95":
    case "restart-rate":
    case "rejection-rate":
      return fromHealth(store, metric, window);
    case "accuracy":
      return accuracies(store, window);
  }
}

function fromFigures(
  metric: "failure-rate" | "predictions" | keyof typeof QUANTILES,
  { model, version, predictions, failures, latency }: VersionFigures,
): MetricValue | undefined {
  if (metric === "predictions") return { model, version, value: predictions, count: predictions };
  if (metric === "failure-rate") {
    const count = predictions + failures;
    return count === 0 ? undefined : { model, version, value: failures / count, count };
  }
  const seconds = quantile(latency, QUANTILES[metric]);
  return seconds === undefined
    ? undefined
    : { model, version, value: seconds * 1000, count: latency.count };
}

type HealthGroup = Awaited<ReturnType<Store["health"]>>["groups"][number];

/** Health comes by where a version runs: counts add up, and of memory the worst place counts. */
async function fromHealth(
  store: MetricStore,
  metric: "memory-p95" | "restart-rate" | "rejection-rate",
  window: Window,
): Promise<MetricValue[]> {
  const { groups } = await store.health(window);
  return byVersion(groups).flatMap((some) => {
    const [{ model, version }] = some;
    const sum = (of: (group: HealthGroup) => number) =>
      some.reduce((total, group) => total + of(group), 0);
    const predictions = sum((group) => group.predictions);
    if (metric === "memory-p95") {
      const told = some.flatMap(({ memoryP95 }) => memoryP95 ?? []);
      const value = Math.max(...told);
      return told.length === 0 ? [] : { model, version, value, count: predictions };
    }
    const isRestart = metric === "restart-rate";
    const count = isRestart ? predictions : sum((group) => group.loads);
    const value = sum((group) => (isRestart ? group.restarts : group.rejections)) / count;
    return count === 0 ? [] : { model, version, value, count };
  });
}

async function accuracies(store: MetricStore, window: Window): Promise<MetricValue[]> {
  const { counts } = await store.feedback(window);
  return byVersion(counts).map((some) => {
    const [{ model, version }] = some;
    const count = some.reduce((total, entry) => total + entry.count, 0);
    const correct = some.reduce((total, entry) => total + (entry.correct ? entry.count : 0), 0);
    return { model, version, value: correct / count, count };
  });
}

/** What belongs to one version each; never empty. */
function byVersion<T extends { readonly model: string; readonly version: string }>(
  entries: readonly T[],
): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.model, entry.version]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}
