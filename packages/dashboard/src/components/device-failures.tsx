import type { HealthAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { formatCount, formatShare } from "../format/format-count.ts";
import { deviceName } from "../series/device-name.ts";
import { type HealthGroup, healthRows } from "../series/health-rows.ts";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";
import { rateWidth } from "./rate-width.ts";

interface DeviceFailuresProps {
  readonly health: Part<HealthAnswer> | undefined;
  readonly rangeName: string;
}

const SPLITS: readonly {
  readonly name: string;
  readonly nameOf: (group: HealthGroup) => string;
}[] = [
  { name: "Device class", nameOf: ({ device }) => deviceName(device) },
  { name: "Browser", nameOf: ({ browser }) => browser },
];

/** On what kinds of device calls fail most often. */
export function DeviceFailures({ health, rangeName }: DeviceFailuresProps): JSX.Element {
  return (
    <Panel id="failing-devices" title="On which devices" note="failure rate, all codes">
      <PartOf part={health}>
        {({ groups }) =>
          groups.length === 0 ? (
            <p class="nothing">No device has reported in the last {rangeName}.</p>
          ) : (
            <div class="columns columns-wide">
              {SPLITS.map(({ name, nameOf }) => (
                <RateTable key={name} name={name} groups={groups} nameOf={nameOf} />
              ))}
            </div>
          )
        }
      </PartOf>
    </Panel>
  );
}

function RateTable(props: {
  readonly name: string;
  readonly groups: readonly HealthGroup[];
  readonly nameOf: (group: HealthGroup) => string;
}): JSX.Element {
  const { name, groups, nameOf } = props;
  const rate = (row: { readonly predictions: number; readonly failures: number }): number =>
    row.failures / Math.max(1, row.predictions + row.failures);
  const rows = healthRows(groups, nameOf).toSorted((a, b) => rate(b) - rate(a));
  const worst = Math.max(...rows.map(rate));
  return (
    <table class="shares">
      <caption>{name}</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">{name}</th>
          <td />
          <th scope="col">Failure rate</th>
          <th scope="col">Failures</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">
              <Name>{row.name}</Name>
            </th>
            <td class="meter-cell">
              <span class="meter meter-danger" aria-hidden="true">
                <span style={{ width: rateWidth(rate(row), worst) }} />
              </span>
            </td>
            <td class="number">{formatShare(row.failures, row.predictions + row.failures)}</td>
            <td class="number faint">{formatCount(row.failures)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
