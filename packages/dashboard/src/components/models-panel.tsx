import type { JSX } from "preact";
import { formatCount, formatShare } from "../format/format-count.ts";
import { compareNames } from "../series/series-identity.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";
import { Names } from "./names.tsx";
import { Panel } from "./panel.tsx";

interface ModelsPanelProps {
  readonly snapshot: Snapshot;
}

type Version = Snapshot["models"]["models"][number]["versions"][number];

export function ModelsPanel({ snapshot }: ModelsPanelProps): JSX.Element {
  const { view, fetchedAt } = snapshot;
  const models = snapshot.models.models
    .filter(({ name }) => view.model === undefined || name === view.model)
    .toSorted((a, b) => compareNames(a.name, b.name));
  return (
    <Panel id="models" title="Models and versions">
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
              First seen
            </th>
            <th scope="col" class="number">
              Last seen
            </th>
          </tr>
        </thead>
        {models.map((model) => (
          <tbody key={model.name}>
            <tr class="group">
              <th scope="rowgroup" colSpan={7}>
                <Name>{model.name}</Name>
              </th>
            </tr>
            {model.versions
              .toSorted((a, b) => compareNames(b.version, a.version))
              .map((version) => (
                <Row key={version.version} version={version} now={fetchedAt} />
              ))}
          </tbody>
        ))}
      </table>
    </Panel>
  );
}

function Row({ version, now }: { readonly version: Version; readonly now: number }): JSX.Element {
  const { dtypes, backends, predictions, failures, firstSeen, lastSeen } = version;
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
        <span class={failures === 0 ? "faint" : undefined}>{formatCount(failures)}</span>
        <span class="share">{failures > 0 && formatShare(failures, predictions + failures)}</span>
      </td>
      <td class="number wide">
        <Moment at={firstSeen} now={now} />
      </td>
      <td class="number">
        <Moment at={lastSeen} now={now} />
      </td>
    </tr>
  );
}
