import type { LatencyAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { formatCount } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import { Name } from "./name.tsx";
import { QuantileBar } from "./quantile-bar.tsx";

interface LoadTableProps {
  /** Of one version on one backend. */
  readonly phases: LatencyAnswer["load"];
  readonly scaleMs: number;
  readonly slot: number | undefined;
}

export function LoadTable({ phases, scaleMs, slot }: LoadTableProps): JSX.Element | null {
  const [first] = phases;
  if (first === undefined) return null;
  const count = Math.max(...phases.map((phase) => phase.count));
  return (
    <table>
      <caption>
        <Name>{first.model}</Name>{" "}
        <span class="soft">
          <Name>{first.version}</Name> <Name>{first.backend}</Name>
        </span>{" "}
        <span class="faint">× {formatCount(count)}</span>
      </caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Phase</th>
          <td />
          <th scope="col">p50</th>
          <th scope="col">p95</th>
        </tr>
      </thead>
      <tbody>
        {phases.map((phase) => (
          <tr key={phase.phase}>
            <th scope="row">
              <Name>{phase.phase}</Name>
            </th>
            <td class="bar-cell">
              <QuantileBar quantiles={phase} scaleMs={scaleMs} slot={slot} />
            </td>
            <td class="number">{formatDuration(phase.p50)}</td>
            <td class="number soft">{formatDuration(phase.p95)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
