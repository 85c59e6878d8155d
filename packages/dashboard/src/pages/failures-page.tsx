import type { JSX } from "preact";
import { CodePanel } from "../components/code-panel.tsx";
import { DeviceFailures } from "../components/device-failures.tsx";
import { failureGroups } from "../components/failure-groups.ts";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { PartOf } from "../components/part-of.tsx";
import { useErrorMeanings } from "../components/use-error-meanings.ts";
import { formatCount } from "../format/format-count.ts";
import type { PageProps } from "./page-props.ts";

/** What failed: by code, with what it means and what to do about it, and on which devices. */
export function FailuresPage({ snapshot }: PageProps): JSX.Element {
  const { view, parts, focus, fetchedAt } = snapshot;
  const meanings = useErrorMeanings();
  const groups = parts.failures?.answer === undefined ? [] : failureGroups(parts.failures.answer);
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <PageHead
        title="Failures"
        note={`${focus.model ?? "Every model"}, the last ${view.range.name}: ${formatCount(total)} with ${groups.length === 1 ? "one code" : `${groups.length} codes`}`}
      />
      <PartOf part={parts.failures}>
        {() =>
          groups.length === 0 ? (
            <Panel id="no-failures" title="Nothing failed">
              <p class="soft">
                No device has reported a failed load or prediction in the last {view.range.name}. An
                alert on the failure rate would tell you when that changes.
              </p>
            </Panel>
          ) : (
            groups.map((group) => (
              <CodePanel
                key={group.code}
                group={group}
                total={total}
                meaning={meanings?.get(group.code)}
                now={fetchedAt}
              />
            ))
          )
        }
      </PartOf>
      <DeviceFailures health={parts.health} rangeName={view.range.name} />
    </>
  );
}
