import type { JSX } from "preact";
import { formatCount } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import type { LatencyRow } from "./latency-rows.ts";
import { Name } from "./name.tsx";
import { QuantileBar } from "./quantile-bar.tsx";
import { Swatch } from "./swatch.tsx";

interface LatencyTableProps {
  readonly rows: readonly LatencyRow[];
  readonly rangeName: string;
}

export function LatencyTable({ rows, rangeName }: LatencyTableProps): JSX.Element {
  const scaleMs = Math.max(...rows.map(({ p99 }) => p99));
  const models = [...new Set(rows.map(({ model }) => model))];
  return (
    <table>
      <caption class="visually-hidden">
        Latency of predictions in the last {rangeName}, by version and backend
      </caption>
      <thead>
        <tr>
          <th scope="col">Version and backend</th>
          <th scope="col" class="number wide">
            Count
          </th>
          <th scope="col" class="number">
            p50
          </th>
          <th scope="col" class="number">
            p95
          </th>
          <th scope="col" class="number">
            p99
          </th>
          <td class="bar-cell wide">
            <span class="bar-scale">
              <span>0</span>
              <span>{formatDuration(scaleMs)}</span>
            </span>
          </td>
        </tr>
      </thead>
      {models.map((model) => (
        <tbody key={model}>
          <tr class="group">
            <th scope="rowgroup" colSpan={6}>
              <Name>{model}</Name>
            </th>
          </tr>
          {rows
            .filter((row) => row.model === model)
            .map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  <Swatch slot={row.slot} dash={row.dash} shape="line" />
                  <Name>{row.version}</Name>{" "}
                  <span class="soft">
                    <Name>{row.backend}</Name> <Name>{row.dtype}</Name>
                  </span>
                </th>
                <td class="number wide">{formatCount(row.count)}</td>
                <td class="number">{formatDuration(row.p50)}</td>
                <td class="number">{formatDuration(row.p95)}</td>
                <td class="number">{formatDuration(row.p99)}</td>
                <td class="bar-cell wide">
                  <QuantileBar quantiles={row} scaleMs={scaleMs} slot={row.slot} />
                </td>
              </tr>
            ))}
        </tbody>
      ))}
    </table>
  );
}
