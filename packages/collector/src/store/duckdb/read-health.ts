import {
  type ExponentialHistogram,
  type HealthAnswer,
  METRICS,
  quantile,
} from "@selvedge/protocol";
import type { Window } from "../store.ts";
import { OF_THE_APP } from "./read-figures.ts";
import { type LabelledHistogram, readHistograms } from "./read-histograms.ts";
import type { AnswerRow, ReadRows } from "./read-rows.ts";
import { readWithin } from "./read-within.ts";
import { findSources, type Source } from "./sources.ts";
import { mergeAll, toQuantiles } from "./to-quantiles.ts";
import { labelColumns } from "./window.ts";

const LABELS = ["model", "version", "backend", "browser", "device"] as const;

/** What a group counts, by the column that counts it. */
const COUNTED = {
  failures: METRICS.failures,
  loads: METRICS.loads,
  restarts: METRICS.restarts,
  rejections: METRICS.rejections,
} as const;

/** Answers `Store.health`. */
export async function readHealth(read: ReadRows, window: Window): Promise<HealthAnswer> {
  const { histograms, counters } = await findSources(read, window);
  const points = await readHistograms(read, {
    metrics: [METRICS.predictDuration, METRICS.engineMemory],
    labels: LABELS,
    source: histograms,
  });
  const groupsOf = (metric: string) => byGroup(points.filter((point) => point.metric === metric));
  const latency = groupsOf(METRICS.predictDuration);
  const memory = groupsOf(METRICS.engineMemory);
  const counts = await readCounts(read, counters);
  const groups = new Map<string, AnswerRow>([
    ...[...latency.values(), ...memory.values()].flatMap(({ row }) => [[keyOf(row), row] as const]),
    ...counts,
  ]);
  return {
    groups: [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, row]) => {
        const durations = latency.get(key)?.histograms ?? [];
        const bytes = mergeAll(memory.get(key)?.histograms ?? []);
        const counted = (name: keyof typeof COUNTED) => counts.get(key)?.number(name) ?? 0;
        return {
          model: row.text("model"),
          version: row.text("version"),
          backend: row.text("backend"),
          browser: row.text("browser"),
          device: row.text("device"),
          predictions: durations.reduce((sum, { count }) => sum + count, 0),
          failures: counted("failures"),
          loads: counted("loads"),
          restarts: counted("restarts"),
          rejections: counted("rejections"),
          latency: toQuantiles(durations),
          memoryP95: quantile(bytes, 0.95) ?? null,
        };
      }),
    dropped: await readDropped(read, counters),
  };
}

interface Group {
  readonly row: AnswerRow;
  readonly histograms: ExponentialHistogram[];
}

function byGroup(points: readonly LabelledHistogram[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const { row, histogram } of points) {
    const key = keyOf(row);
    const group = groups.get(key) ?? { row, histograms: [] };
    group.histograms.push(histogram);
    groups.set(key, group);
  }
  return groups;
}

function keyOf(row: AnswerRow): string {
  return JSON.stringify(LABELS.map((label) => row.text(label)));
}

async function readCounts(read: ReadRows, counters: Source): Promise<Map<string, AnswerRow>> {
  const isCounted = (metric: string) =>
    `metric = '${metric}'${metric === METRICS.failures ? ` AND ${OF_THE_APP}` : ""}`;
  const sums = Object.entries(COUNTED).map(
    ([name, metric]) => `coalesce(sum(value) FILTER (${isCounted(metric)}), 0)::DOUBLE AS ${name}`,
  );
  const names = Object.values(COUNTED).map((metric) => `'${metric}'`);
  const where = `metric IN (${names.join(", ")})`;
  const rows = await readWithin(read, counters, {
    ...{ labels: LABELS, weight: "value", where },
    sql: (from) =>
      `SELECT ${labelColumns(LABELS)}, ${sums.join(", ")} FROM ${from}
       WHERE ${where} GROUP BY ALL HAVING sum(value) > 0`,
  });
  return new Map(rows.map((row) => [keyOf(row), row]));
}

async function readDropped(read: ReadRows, counters: Source): Promise<HealthAnswer["dropped"]> {
  const rows = await read(
    `SELECT ${labelColumns(["reason"])}, sum(value)::DOUBLE AS dropped FROM ${counters.rows}
     WHERE metric = '${METRICS.dropped}' GROUP BY ALL HAVING dropped > 0 ORDER BY dropped DESC, reason`,
    counters.parameters,
  );
  return rows.map((row) => ({ reason: row.text("reason"), count: row.number("dropped") }));
}
