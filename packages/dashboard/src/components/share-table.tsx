import type { JSX } from "preact";
import { formatCompactCount, formatShare } from "../format/format-count.ts";
import { Name } from "./name.tsx";

interface ShareTableProps {
  readonly caption: string;
  readonly rows: readonly { readonly name: string; readonly count: number }[];
  /** What the counts are of. */
  readonly unit: string;
}

const SHOWN = 6;

/** A few names, and which part of the whole each is. */
export function ShareTable({ caption, rows, unit }: ShareTableProps): JSX.Element {
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const rest = rows.slice(SHOWN);
  const shown =
    rest.length <= 1
      ? rows
      : [
          ...rows.slice(0, SHOWN),
          {
            name: `${rest.length} others`,
            count: rest.reduce((sum, { count }) => sum + count, 0),
          },
        ];
  return (
    <table class="shares">
      <caption>{caption}</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Name</th>
          <td />
          <th scope="col">Share of {unit}</th>
          <th scope="col">{unit}</th>
        </tr>
      </thead>
      <tbody>
        {shown.map(({ name, count }) => (
          <tr key={name}>
            <th scope="row">
              <Name>{name}</Name>
            </th>
            <td class="meter-cell">
              <span class="meter" aria-hidden="true">
                <span style={{ width: `${total > 0 ? (100 * count) / total : 0}%` }} />
              </span>
            </td>
            <td class="number">{formatShare(count, total)}</td>
            <td class="number faint">{formatCompactCount(count)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
