import type { JSX } from "preact";
import { CollectorPanel } from "../components/collector-panel.tsx";
import { DeviceMixPanel } from "../components/device-mix-panel.tsx";
import { DroppedPanel } from "../components/dropped-panel.tsx";
import { FiringPanel } from "../components/firing-panel.tsx";
import { ModelsPanel } from "../components/models-panel.tsx";
import { PageHead } from "../components/page-head.tsx";
import { PredictionsPanel } from "../components/predictions-panel.tsx";
import { TrafficSummary } from "../components/traffic-summary.tsx";
import type { PageProps } from "./page-props.ts";

/** Every model at a glance. */
export function FleetPage({ state, snapshot }: PageProps): JSX.Element {
  const { view, parts, fetchedAt } = snapshot;
  return (
    <>
      <PageHead title="Fleet" note={`Every model on every device, the last ${view.range.name}`} />
      <TrafficSummary snapshot={snapshot} />
      <FiringPanel alerts={parts.alerts} view={view} now={fetchedAt} />
      <ModelsPanel snapshot={snapshot} />
      <PredictionsPanel snapshot={snapshot} cursor={state.cursor} isOneModel={false} />
      <DeviceMixPanel health={parts.health} rangeName={view.range.name} />
      <div class="panel-pair">
        <DroppedPanel health={parts.health} rangeName={view.range.name} />
        <CollectorPanel stats={parts.stats} now={fetchedAt} />
      </div>
    </>
  );
}
