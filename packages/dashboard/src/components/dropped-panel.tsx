import type { HealthAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { formatCount } from "../format/format-count.ts";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";

interface DroppedPanelProps {
  readonly health: Part<HealthAnswer> | undefined;
  readonly rangeName: string;
}

/** What devices had to give up: how far the figures above can be trusted to be whole. */
export function DroppedPanel({ health, rangeName }: DroppedPanelProps): JSX.Element {
  return (
    <Panel id="dropped" title="What devices dropped" note="reports given up before they were sent">
      <PartOf part={health}>
        {({ dropped }) =>
          dropped.length === 0 ? (
            <p class="nothing">
              Nothing in the last {rangeName}: the figures above are of all that was measured.
            </p>
          ) : (
            <table class="compact">
              <caption class="visually-hidden">Reports that devices dropped, by reason</caption>
              <thead>
                <tr>
                  <th scope="col">Reason</th>
                  <th scope="col" class="number">
                    Reports
                  </th>
                </tr>
              </thead>
              <tbody>
                {dropped
                  .toSorted((a, b) => b.count - a.count)
                  .map(({ reason, count }) => (
                    <tr key={reason}>
                      <th scope="row">
                        <Name>{reason}</Name>
                      </th>
                      <td class="number">{formatCount(count)}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          )
        }
      </PartOf>
    </Panel>
  );
}
