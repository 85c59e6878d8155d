import type { HealthAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { formatBytes } from "../format/format-bytes.ts";
import { formatCount, formatShare } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import { deviceName } from "../series/device-name.ts";
import { type HealthGroup, type HealthRow, healthRows } from "../series/health-rows.ts";
import type { DashboardState } from "../state/dashboard-state.ts";
import { HEALTH_SPLITS, type HealthSplit, type View, viewOf } from "../state/view.ts";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";
import { rateWidth } from "./rate-width.ts";
import { Segmented } from "./segmented.tsx";

interface HealthPanelProps {
  readonly health: Part<HealthAnswer> | undefined;
  /** What was asked for. */
  readonly view: View;
  readonly state: Pick<DashboardState, "view">;
}

const LABELS: Readonly<Record<HealthSplit, string>> = {
  browser: "Browser",
  device: "Device",
  version: "Version",
  backend: "Backend",
};

const OPTIONS = HEALTH_SPLITS.map((value) => ({ value, label: LABELS[value] }));

/** How the model does on one kind of device and on another. */
export function HealthPanel({ health, view, state }: HealthPanelProps): JSX.Element {
  // As chosen just now: what it is told apart by needs no other answer.
  const { healthBy } = state.view.value;
  const nameOf = (group: HealthGroup): string =>
    healthBy === "device" ? deviceName(group.device) : group[healthBy];
  return (
    <Panel
      id="health"
      title="Health"
      note="by where it runs"
      controls={
        <Segmented
          legend="Health by"
          name="health-by"
          options={OPTIONS}
          value={healthBy}
          onChange={(chosen) => {
            const now = state.view.value;
            state.view.value = viewOf(now.page, { ...now, healthBy: chosen });
          }}
        />
      }
    >
      <PartOf part={health}>
        {({ groups }) => {
          const rows = healthRows(
            groups.filter(({ version }) => view.version === undefined || version === view.version),
            nameOf,
          );
          return rows.length === 0 ? (
            <p class="nothing">No device has said how it does in the last {view.range.name}.</p>
          ) : (
            <HealthTable rows={rows} by={healthBy} rangeName={view.range.name} />
          );
        }}
      </PartOf>
    </Panel>
  );
}

interface HealthTableProps {
  readonly rows: readonly HealthRow[];
  readonly by: HealthSplit;
  readonly rangeName: string;
}

function HealthTable({ rows, by, rangeName }: HealthTableProps): JSX.Element {
  const label = LABELS[by];
  const rate = ({ failures, predictions }: HealthRow): number =>
    predictions + failures > 0 ? failures / (predictions + failures) : 0;
  const worst = Math.max(...rows.map(rate));
  return (
    <table>
      <caption class="visually-hidden">
        Health in the last {rangeName}, by {label.toLowerCase()}
      </caption>
      <thead>
        <tr>
          <th scope="col">{label}</th>
          <th scope="col" class="number">
            Predictions
          </th>
          <td class="meter-cell wide" />
          <th scope="col" class="number">
            Failure rate
          </th>
          <th scope="col" class="number" title="Of the slowest group: quantiles do not add up">
            Slowest p95
          </th>
          <th scope="col" class="number wide" title="Engines that were started again">
            Restarts
          </th>
          <th scope="col" class="number wide" title="Candidates tried and turned down">
            Rejections
          </th>
          <th scope="col" class="number wide" title="p95 of the group that holds most">
            Memory
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">
              <Name>{row.name}</Name>
            </th>
            <td class="number">{formatCount(row.predictions)}</td>
            <td class="meter-cell wide">
              <span class="meter meter-danger" aria-hidden="true">
                <span style={{ width: rateWidth(rate(row), worst) }} />
              </span>
            </td>
            <td class={row.failures > 0 ? "number" : "number faint"}>
              {formatShare(row.failures, row.predictions + row.failures)}
            </td>
            <td class="number">{row.worstP95 === null ? "–" : formatDuration(row.worstP95)}</td>
            <td class={row.restarts > 0 ? "number wide" : "number wide faint"}>
              {formatCount(row.restarts)}
            </td>
            <td class={row.rejections > 0 ? "number wide" : "number wide faint"}>
              {formatCount(row.rejections)}
            </td>
            <td class="number wide">
              {row.worstMemoryP95 === null ? "–" : formatBytes(row.worstMemoryP95)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
