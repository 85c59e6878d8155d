import type { JSX } from "preact";
import { formatCount } from "../format/format-count.ts";
import type { FailurePlace } from "./failure-groups.ts";
import { Moment } from "./moment.tsx";
import { Name } from "./name.tsx";
import { SeriesName } from "./series-name.tsx";

interface FailureRowProps {
  readonly failure: FailurePlace;
  readonly now: number;
}

export function FailureRow({ failure, now }: FailureRowProps): JSX.Element {
  return (
    <tr>
      <th scope="row">
        <Name>{failure.operation}</Name>
        <span class="narrow soft">
          <SeriesName identity={failure} withModel />
        </span>
      </th>
      <td class="wide">
        <SeriesName identity={failure} withModel />
      </td>
      <td class="wide" />
      <td class="number">{formatCount(failure.count)}</td>
      <td class="number">
        <Moment at={failure.lastSeen} now={now} />
      </td>
    </tr>
  );
}
