import type { JSX } from "preact";
import { formatCount } from "../format/format-count.ts";
import type { VersionAccuracy } from "./accuracy-panel.tsx";
import { type ConfusionMatrix, confusionMatrix } from "./confusion-matrix.ts";
import { FeedbackDays } from "./feedback-days.tsx";
import { Name } from "./name.tsx";

interface ConfusionTableProps {
  readonly of: VersionAccuracy;
}

/** Which class was taken for which: a row for what was true, a column for what was said. */
export function ConfusionTable({ of }: ConfusionTableProps): JSX.Element {
  const { version, confusion, days, classNames } = of;
  const matrix = confusionMatrix(confusion, new Map(Object.entries(classNames)));
  return (
    <div>
      <h3>
        Confusion <Name>{version}</Name> <FeedbackDays of={days.confusion} />
      </h3>
      {matrix.names.length > 0 && <Matrix matrix={matrix} version={version} />}
      {matrix.left > 0 && (
        <p class="faint">
          {formatCount(matrix.left)} more, among classes that are seldom confused, are left out.
        </p>
      )}
      {matrix.rare > 0 && (
        <p class="faint">
          {formatCount(matrix.rare)} more, of pairs too rare to tell (–) or without classes.
        </p>
      )}
    </div>
  );
}

function Matrix({
  matrix,
  version,
}: {
  readonly matrix: ConfusionMatrix;
  readonly version: string;
}): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
    <section class="scroll" tabIndex={0} aria-label={`Confusion of version ${version}`}>
      <table class="confusion">
        <caption class="visually-hidden">True classes by row, predicted classes by column</caption>
        <thead>
          <tr>
            <td class="faint">true ↓ said →</td>
            {matrix.names.map((name) => (
              <th key={name} scope="col" class="number">
                <Name>{name}</Name>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {matrix.names.map((name, row) => (
            <tr key={name}>
              <th scope="row">
                <Name>{name}</Name>
              </th>
              <Cells matrix={matrix} row={row} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Cells({
  matrix,
  row,
}: {
  readonly matrix: ConfusionMatrix;
  readonly row: number;
}): JSX.Element {
  const counts = matrix.counts[row] ?? [];
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return (
    <>
      {counts.map((count, column) => (
        <td
          key={matrix.names[column]}
          class={count === null ? "number faint" : "number"}
          data-right={row === column}
          style={{ "--share": `${total > 0 ? Math.round((55 * (count ?? 0)) / total) : 0}%` }}
        >
          {count === null ? "–" : formatCount(count)}
        </td>
      ))}
    </>
  );
}
