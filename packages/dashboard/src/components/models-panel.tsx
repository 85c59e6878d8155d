import type { JSX } from "preact";
import { Sparkline } from "../chart/sparkline.tsx";
import { formatCount, formatShare } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import { drawnPredictions } from "../series/prediction-series.ts";
import { compareNames, seriesKey } from "../series/series-identity.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { linkTo } from "../state/link-to.ts";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";
import { Names } from "./names.tsx";
import { Panel } from "./panel.tsx";

interface ModelsPanelProps {
  readonly snapshot: Snapshot;
}

type Model = Snapshot["models"]["models"][number];
type Version = Model["versions"][number];

/** Every model and its versions: how much they run, how much fails, how slow they are. */
export function ModelsPanel({ snapshot }: ModelsPanelProps): JSX.Element {
  const { view, focus } = snapshot;
  const models = snapshot.models.models
    .filter(({ name }) => focus.model === undefined || name === focus.model)
    .toSorted((a, b) => compareNames(a.name, b.name));
  const isFleet = focus.model === undefined;
  return (
    <Panel id="models" title={isFleet ? "Models and versions" : "Versions"}>
      <table>
        <caption class="visually-hidden">
          Models and versions seen in the last {view.range.name}
        </caption>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col" class="wide">
              Precision
            </th>
            <th scope="col" class="wide">
              Backends
            </th>
            <th scope="col" class="number">
              Predictions
            </th>
            <th scope="col" class="number">
              Failures
            </th>
            <th scope="col" class="number wide">
              Slowest p95
            </th>
            <th scope="col" class="number">
              Last seen
            </th>
          </tr>
        </thead>
        {models.map((model) => (
          <tbody key={model.name}>
            {isFleet && <GroupRow model={model} snapshot={snapshot} />}
            {model.versions
              .toSorted((a, b) => compareNames(b.version, a.version))
              .map((version) => (
                <Row
                  key={version.version}
                  version={version}
                  p95={worstP95(snapshot, model.name, version.version)}
                  now={snapshot.fetchedAt}
                />
              ))}
          </tbody>
        ))}
      </table>
    </Panel>
  );
}

function GroupRow(props: { readonly model: Model; readonly snapshot: Snapshot }): JSX.Element {
  const { model, snapshot } = props;
  const { slots, view } = snapshot;
  const predictions = model.versions.reduce((sum, version) => sum + version.predictions, 0);
  const failures = model.versions.reduce((sum, version) => sum + version.failures, 0);
  const p95 = worstP95(snapshot, model.name);
  const series = drawnPredictions(snapshot).series.find((one) => one.model === model.name);
  return (
    <tr class="group">
      <th scope="rowgroup">
        <a href={linkTo(view, "model", { model: model.name })}>
          <Name>{model.name}</Name>
        </a>
      </th>
      <td class="wide" colSpan={2}>
        {series !== undefined && (
          <Sparkline values={series.counts} slot={slots.get(seriesKey(series))} />
        )}
      </td>
      <td class="number">{formatCount(predictions)}</td>
      <td class="number">
        <Failures predictions={predictions} failures={failures} />
      </td>
      <td class="number wide">{p95 === undefined ? "–" : formatDuration(p95)}</td>
      <td />
    </tr>
  );
}

interface RowProps {
  readonly version: Version;
  readonly p95: number | undefined;
  readonly now: number;
}

function Row({ version, p95, now }: RowProps): JSX.Element {
  const { dtypes, backends, predictions, failures, lastSeen } = version;
  return (
    <tr>
      <th scope="row">
        <Name>{version.version}</Name>
        <span class="narrow soft">
          <Names names={dtypes} /> <span class="faint">·</span> <Names names={backends} />
        </span>
      </th>
      <td class="wide">
        <Names names={dtypes} />
      </td>
      <td class="wide">
        <Names names={backends} />
      </td>
      <td class="number">{formatCount(predictions)}</td>
      <td class="number">
        <Failures predictions={predictions} failures={failures} />
      </td>
      <td class="number wide">{p95 === undefined ? "–" : formatDuration(p95)}</td>
      <td class="number">
        <Moment at={lastSeen} now={now} />
      </td>
    </tr>
  );
}

function Failures(props: { readonly predictions: number; readonly failures: number }): JSX.Element {
  const { predictions, failures } = props;
  return (
    <span class="count-share">
      <span class={failures === 0 ? "faint" : undefined}>{formatCount(failures)}</span>
      {failures > 0 && <span class="share">{formatShare(failures, predictions + failures)}</span>}
    </span>
  );
}

/** Of the backends and precisions of a version, or of all of a model's. Milliseconds. */
function worstP95({ parts }: Snapshot, model: string, version?: string): number | undefined {
  const rows = (parts.latency?.answer?.predict ?? []).filter(
    (row) => row.model === model && (version === undefined || row.version === version),
  );
  return rows.length === 0 ? undefined : Math.max(...rows.map(({ p95 }) => p95));
}
