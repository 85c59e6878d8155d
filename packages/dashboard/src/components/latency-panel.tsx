import { type Signal, useSignal } from "@preact/signals";
import type { LatencyAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Chart } from "../chart/chart.tsx";
import type { ChartPlan } from "../chart/chart-plan.ts";
import { formatDuration, formatDurationTick } from "../format/format-duration.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { ChartLegend } from "./chart-legend.tsx";
import { type LatencyRow, latencyRows } from "./latency-rows.ts";
import { LatencyTable } from "./latency-table.tsx";
import { Panel } from "./panel.tsx";
import { Segmented } from "./segmented.tsx";
import { SeriesName } from "./series-name.tsx";

interface LatencyPanelProps {
  readonly snapshot: Snapshot;
  readonly latency: LatencyAnswer;
  readonly cursor: Signal<number | undefined>;
  readonly isOneModel: boolean;
}

type Quantile = "p50" | "p95" | "p99";

const QUANTILES: readonly { readonly value: Quantile; readonly label: string }[] = [
  { value: "p50", label: "p50" },
  { value: "p95", label: "p95" },
  { value: "p99", label: "p99" },
];

export function LatencyPanel(props: LatencyPanelProps): JSX.Element {
  const { snapshot, latency, cursor, isOneModel } = props;
  const { slots, view } = snapshot;
  const quantile = useSignal<Quantile>("p95");
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const rows = useMemo(
    () =>
      latencyRows(latency, slots).filter(
        ({ version }) => view.version === undefined || version === view.version,
      ),
    [latency, slots, view.version],
  );
  const drawn = rows.filter(({ slot }) => slot !== undefined);
  const plan = useMemo<ChartPlan>(
    () => ({
      kind: "lines",
      window: latency,
      formatTick: formatDurationTick,
      series: rows
        .filter(({ key, slot }) => slot !== undefined && !hidden.value.has(key))
        .map(({ key, slot, dash, steps }) => ({
          key,
          slot,
          dash,
          values: steps.map((step) => step?.[quantile.value] ?? null),
        })),
    }),
    [latency, rows, hidden.value, quantile.value],
  );
  const valueAt = (row: LatencyRow, step: number | undefined): string => {
    const quantiles = step === undefined ? row : row.steps[step];
    return quantiles == null ? "–" : formatDuration(quantiles[quantile.value]);
  };
  return (
    <Panel
      id="latency"
      title="Latency"
      note="from a page’s call to its answer"
      controls={
        <Segmented
          legend="Quantile drawn"
          name="quantile"
          options={QUANTILES}
          value={quantile.value}
          onChange={(chosen) => {
            quantile.value = chosen;
          }}
        />
      }
    >
      <Chart
        label={`Latency, ${quantile.value}`}
        plan={plan}
        cursor={cursor}
        describe={(step) =>
          drawn
            .map((row) => `${row.model} ${row.version} ${row.backend} ${valueAt(row, step)}`)
            .join(", ") || "none"
        }
        emptyText={
          drawn.length === 0 ? "No latency measured in this time" : "Every series is hidden"
        }
      />
      <ChartLegend
        shape="line"
        window={latency}
        cursor={cursor}
        overall={`${quantile.value}, last ${view.range.name}`}
        hidden={hidden}
        entries={drawn.map((row) => ({
          key: row.key,
          slot: row.slot,
          dash: row.dash,
          name: <SeriesName identity={row} withModel={!isOneModel} dtype={row.dtype} />,
          value: (step) => valueAt(row, step),
        }))}
      />
      {rows.length > drawn.length && (
        <p class="panel-note">
          Drawn are the {drawn.length} busiest of {rows.length}; the table has all.
        </p>
      )}
      {rows.length > 0 && <LatencyTable rows={rows} rangeName={view.range.name} />}
    </Panel>
  );
}
