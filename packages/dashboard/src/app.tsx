import type { JSX } from "preact";
import { EmptyState } from "./components/empty-state.tsx";
import { FailuresPanel } from "./components/failures-panel.tsx";
import { FaultBanner } from "./components/fault-banner.tsx";
import { LatencyPanel } from "./components/latency-panel.tsx";
import { LoadPanel } from "./components/load-panel.tsx";
import { ModelsPanel } from "./components/models-panel.tsx";
import { PredictionsPanel } from "./components/predictions-panel.tsx";
import { SiteHeader } from "./components/site-header.tsx";
import { Skeleton } from "./components/skeleton.tsx";
import { SummaryStrip } from "./components/summary-strip.tsx";
import { Toolbar } from "./components/toolbar.tsx";
import type { DashboardState, Snapshot } from "./state/dashboard-state.ts";

interface AppProps {
  readonly state: DashboardState;
}

export function App({ state }: AppProps): JSX.Element {
  const snapshot = state.snapshot.value;
  const fault = state.fault.value;
  const isPending = snapshot !== undefined && snapshot.view !== state.view.value;
  return (
    <>
      <SiteHeader />
      <Toolbar state={state} />
      <main
        id="figures"
        aria-busy={state.isLoading.value && (snapshot === undefined || isPending)}
        data-stale={fault !== undefined && snapshot !== undefined}
        data-pending={isPending && fault === undefined}
      >
        {fault !== undefined && <FaultBanner fault={fault} state={state} />}
        {snapshot !== undefined && <Figures state={state} snapshot={snapshot} />}
        {snapshot === undefined && fault === undefined && <Skeleton />}
      </main>
    </>
  );
}

function Figures({ state, snapshot }: AppProps & { readonly snapshot: Snapshot }): JSX.Element {
  const { models } = snapshot.models;
  const { model } = snapshot.view;
  if (!models.some(({ name }) => model === undefined || name === model)) {
    return <EmptyState state={state} view={snapshot.view} hasOtherModels={models.length > 0} />;
  }
  const isOneModel = model !== undefined || models.length === 1;
  return (
    <>
      <SummaryStrip snapshot={snapshot} />
      <PredictionsPanel snapshot={snapshot} cursor={state.cursor} isOneModel={isOneModel} />
      <ModelsPanel snapshot={snapshot} />
      <LatencyPanel snapshot={snapshot} cursor={state.cursor} isOneModel={isOneModel} />
      <FailuresPanel snapshot={snapshot} />
      <LoadPanel snapshot={snapshot} />
    </>
  );
}
