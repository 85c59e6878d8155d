import { type Signal, useSignal } from "@preact/signals";
import type { PredictionsAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { Chart } from "../chart/chart.tsx";
import type { ChartPlan } from "../chart/chart-plan.ts";
import { formatCompactCount, formatCount } from "../format/format-count.ts";
import {
  drawnPredictions,
  type PredictionSeries,
  predictionSeries,
} from "../series/prediction-series.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { ChartLegend } from "./chart-legend.tsx";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";
import { SeriesName } from "./series-name.tsx";
import { stepName } from "./step-name.ts";

interface PredictionsPanelProps {
  readonly snapshot: Snapshot;
  readonly cursor: Signal<number | undefined>;
  readonly isOneModel: boolean;
}

export function PredictionsPanel(props: PredictionsPanelProps): JSX.Element {
  const { snapshot, cursor, isOneModel } = props;
  const { focus, parts, slots } = snapshot;
  const fault = parts.predictions?.fault;
  const predictions = useMemo(() => inWindow(snapshot), [focus, parts.predictions]);
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const series = useMemo(() => predictionSeries(predictions, slots), [predictions, slots]);
  const plan = useMemo<ChartPlan>(
    () => ({
      kind: "bars",
      window: predictions,
      formatTick: formatCompactCount,
      series: series
        .filter(({ key }) => !hidden.value.has(key))
        .map(({ key, slot, counts }) => ({ key, slot, dash: 0, values: counts })),
    }),
    [predictions, series, hidden.value],
  );
  return (
    <Panel
      id="predictions"
      title="Predictions"
      note={`per ${stepName(predictions.stepMs)}, by ${isOneModel ? "version and backend" : "model"}`}
    >
      {fault !== undefined && <PartOf part={{ fault }}>{() => null}</PartOf>}
      <Chart
        label="Predictions"
        plan={plan}
        cursor={cursor}
        describe={(step) => describe(series, step)}
        emptyText={series.length === 0 ? "No predictions in this time" : "Every series is hidden"}
      />
      <ChartLegend
        shape="block"
        window={predictions}
        cursor={cursor}
        overall={`In the last ${snapshot.view.range.name}`}
        hidden={hidden}
        entries={series.map((one) => ({
          key: one.key,
          slot: one.slot,
          dash: 0,
          name: <NameOf series={one} withModel={!isOneModel} />,
          value: (step) => formatCount(step === undefined ? one.total : (one.counts[step] ?? 0)),
        }))}
      />
    </Panel>
  );
}

/** The predictions, or none of them over the same time. */
function inWindow(snapshot: Snapshot): PredictionsAnswer {
  const drawn = drawnPredictions(snapshot);
  const version = snapshot.view.version;
  const series = drawn.series.filter((one) => version === undefined || one.version === version);
  return snapshot.parts.predictions?.answer === undefined
    ? { ...snapshot.window, series: [] }
    : { ...drawn, series };
}

function NameOf(props: {
  readonly series: PredictionSeries;
  readonly withModel: boolean;
}): JSX.Element {
  const { identities, slot } = props.series;
  const [identity] = identities;
  if (identity === undefined || (slot === undefined && identities.length > 1)) {
    return <span class="soft">{identities.length} others</span>;
  }
  return <SeriesName identity={identity} withModel={props.withModel} />;
}

function describe(series: readonly PredictionSeries[], step: number): string {
  const parts = series.map(({ identities, slot, counts }) => {
    const [one] = identities;
    const name =
      slot === undefined || one === undefined
        ? "others"
        : `${one.model} ${one.version} ${one.backend}`;
    return `${name} ${formatCount(counts[step] ?? 0)}`;
  });
  return parts.join(", ") || "none";
}
