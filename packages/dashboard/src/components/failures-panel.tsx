import type { FailuresAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { formatCount, formatShare } from "../format/format-count.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { linkTo } from "../state/link-to.ts";
import { failureGroups } from "./failure-groups.ts";
import { FailureRow } from "./failure-row.tsx";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";

interface FailuresPanelProps {
  readonly snapshot: Snapshot;
  readonly failures: FailuresAnswer;
}

/** What failed, by code, of the version that was chosen; the page of failures says more. */
export function FailuresPanel({ snapshot, failures }: FailuresPanelProps): JSX.Element {
  const { view, fetchedAt } = snapshot;
  const isShown = ({ version }: { readonly version: string }) =>
    view.version === undefined || version === view.version;
  const groups = failureGroups({ failures: failures.failures.filter(isShown) });
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <Panel
      id="failures"
      title="Failures"
      note="by code"
      controls={
        groups.length > 0 && (
          <a class="panel-link" href={linkTo(view, "failures", snapshot.focus)}>
            What the codes mean
          </a>
        )
      }
    >
      {groups.length === 0 ? (
        <p class="nothing">Nothing failed in the last {view.range.name}.</p>
      ) : (
        <table>
          <caption class="visually-hidden">
            Failures in the last {view.range.name}, by error code
          </caption>
          <thead>
            <tr>
              <th scope="col">Code and operation</th>
              <th scope="col" class="wide">
                Version and backend
              </th>
              <th scope="col" class="wide">
                Share
              </th>
              <th scope="col" class="number">
                Count
              </th>
              <th scope="col" class="number">
                Last seen
              </th>
            </tr>
          </thead>
          {groups.map(({ code, count, lastSeen, failures: rows }) => (
            <tbody key={code}>
              <tr class="group">
                <th scope="rowgroup">
                  <code>
                    <Name>{code}</Name>
                  </code>
                </th>
                <td class="wide" />
                <td class="wide share-cell">
                  <span class="share-bar" style={{ width: `${(100 * count) / total}%` }} />
                  <span class="faint">{formatShare(count, total)}</span>
                </td>
                <td class="number">
                  <strong>{formatCount(count)}</strong>
                </td>
                <td class="number">
                  <Moment at={lastSeen} now={fetchedAt} />
                </td>
              </tr>
              {rows.map((row) => (
                <FailureRow
                  key={JSON.stringify([row.operation, row.model, row.version, row.backend])}
                  failure={row}
                  now={fetchedAt}
                />
              ))}
            </tbody>
          ))}
        </table>
      )}
    </Panel>
  );
}
