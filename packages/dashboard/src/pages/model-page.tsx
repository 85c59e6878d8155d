import type { JSX } from "preact";
import { AccuracyPanel } from "../components/accuracy-panel.tsx";
import { FailuresPanel } from "../components/failures-panel.tsx";
import { HealthPanel } from "../components/health-panel.tsx";
import { LatencyPanel } from "../components/latency-panel.tsx";
import { LoadPanel } from "../components/load-panel.tsx";
import { ModelsPanel } from "../components/models-panel.tsx";
import { Name } from "../components/name.tsx";
import { PageHead } from "../components/page-head.tsx";
import { PartOf } from "../components/part-of.tsx";
import { PredictionsPanel } from "../components/predictions-panel.tsx";
import { TrafficSummary } from "../components/traffic-summary.tsx";
import { linkTo } from "../state/link-to.ts";
import type { PageProps } from "./page-props.ts";

/** One model: how much it runs, how fast, on what, what fails, and whether it is right. */
export function ModelPage({ state, snapshot }: PageProps): JSX.Element {
  const { view, parts, focus } = snapshot;
  const { model = "" } = focus;
  const { cursor } = state;
  return (
    <>
      <PageHead
        title={<Name>{model}</Name>}
        note={`The last ${view.range.name}${view.version === undefined ? ", all versions" : `, version ${view.version}`}`}
      >
        <a href={linkTo(view, "compare", { model })}>Compare versions</a>
        <a href={linkTo(view, "drift", { model, version: view.version })}>Drift</a>
        <a href={linkTo(view, "failures", { model })}>Failures</a>
        <a href={linkTo(view, "alerts", { model })}>Alerts</a>
      </PageHead>
      <TrafficSummary snapshot={snapshot} />
      <PredictionsPanel snapshot={snapshot} cursor={cursor} isOneModel />
      <ModelsPanel snapshot={snapshot} />
      <PartOf part={parts.latency}>
        {(latency) => (
          <LatencyPanel snapshot={snapshot} latency={latency} cursor={cursor} isOneModel />
        )}
      </PartOf>
      <HealthPanel health={parts.health} view={view} state={state} />
      <AccuracyPanel accuracy={parts.accuracy} model={model} view={view} />
      <PartOf part={parts.failures}>
        {(failures) => <FailuresPanel snapshot={snapshot} failures={failures} />}
      </PartOf>
      <PartOf part={parts.latency}>
        {({ load }) => <LoadPanel snapshot={snapshot} load={load} />}
      </PartOf>
    </>
  );
}
