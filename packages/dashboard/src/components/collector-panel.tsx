import type { StatsAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { formatBytes } from "../format/format-bytes.ts";
import { formatCompactCount, formatCount } from "../format/format-count.ts";
import { formatAgo } from "../format/format-time.ts";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";

interface CollectorPanelProps {
  readonly stats: Part<StatsAnswer> | undefined;
  readonly now: number;
}

const SIGNALS = ["metrics", "logs", "traces"] as const;

/** What the collector itself holds, takes and turns away. */
export function CollectorPanel({ stats, now }: CollectorPanelProps): JSX.Element {
  const answer = stats?.answer;
  return (
    <Panel
      id="collector"
      title="Collector"
      {...(answer === undefined
        ? {}
        : {
            note: `started ${formatAgo(answer.startedAt, now)}, ${formatBytes(answer.bytesOnDisk)} on disk`,
          })}
    >
      <PartOf part={stats}>
        {({ received, refused, rows }) => (
          <div class="columns">
            <table class="compact">
              <caption>Since it started</caption>
              <thead>
                <tr>
                  <th scope="col">Signal</th>
                  <th scope="col" class="number">
                    Received
                  </th>
                  <th scope="col" class="number">
                    Refused
                  </th>
                </tr>
              </thead>
              <tbody>
                {SIGNALS.map((signal) => (
                  <tr key={signal}>
                    <th scope="row">{signal}</th>
                    <td class="number">{formatCount(received[signal])}</td>
                    <td class={refused[signal] > 0 ? "number danger" : "number faint"}>
                      {formatCount(refused[signal])}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            <details class="bin-table">
              <summary>Rows of {Object.keys(rows).length} tables</summary>
              <table class="compact">
                <caption class="visually-hidden">Stored</caption>
                <thead>
                  <tr>
                    <th scope="col">Table</th>
                    <th scope="col" class="number">
                      Rows
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {Object.entries(rows).map(([table, count]) => (
                    <tr key={table}>
                      <th scope="row">
                        <Name>{table}</Name>
                      </th>
                      <td class="number">{formatCompactCount(count)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </details>
          </div>
        )}
      </PartOf>
    </Panel>
  );
}
