import type { JSX } from "preact";
import type { ErrorMeaning } from "../errors/parse-error-table.ts";
import { formatCount, formatShare } from "../format/format-count.ts";
import { deviceName } from "../series/device-name.ts";
import type { FailureGroup } from "./failure-groups.ts";
import { FailureRow } from "./failure-row.tsx";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";
import { ShareTable } from "./share-table.tsx";

interface CodePanelProps {
  readonly group: FailureGroup;
  /** Failures of all codes. */
  readonly total: number;
  /** `undefined` where docs/errors.md has no such code. */
  readonly meaning: ErrorMeaning | undefined;
  readonly now: number;
}

/** One code: how often, what it means, where and on which devices. */
export function CodePanel({ group, total, meaning, now }: CodePanelProps): JSX.Element {
  const { code, count, lastSeen, failures, devices } = group;
  const id = `code-${code}`.replaceAll(/[^\w-]/g, "_");
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>
          <code>
            <Name>{code}</Name>
          </code>
        </h2>
        <p class="panel-note">
          {formatCount(count)}, {formatShare(count, total)} of all; last{" "}
          <Moment at={lastSeen} now={now} />
        </p>
      </header>
      {meaning !== undefined && (
        <div class="meaning">
          <p>{meaning.when}</p>
          <p>
            <strong>What to do:</strong> {meaning.next}{" "}
            <a href={`./errors.html#${meaning.code}`}>All of docs/errors.md</a>
          </p>
        </div>
      )}
      <div class="code-tables">
        <table>
          <caption class="visually-hidden">Where {code} came from</caption>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col" class="wide">
                Version and backend
              </th>
              <td class="wide" />
              <th scope="col" class="number">
                Count
              </th>
              <th scope="col" class="number">
                Last seen
              </th>
            </tr>
          </thead>
          <tbody>
            {failures.map((row) => (
              <FailureRow
                key={JSON.stringify([row.operation, row.model, row.version, row.backend])}
                failure={row}
                now={now}
              />
            ))}
          </tbody>
        </table>
        <ShareTable
          caption="Device class"
          unit="failures"
          rows={devices.map(({ name, count: some }) => ({ name: deviceName(name), count: some }))}
        />
      </div>
    </section>
  );
}
