import type { JSX } from "preact";
import { formatAgo, formatMoment } from "../format/format-time.ts";

interface MomentProps {
  readonly at: number;
  /** When the figures beside it were fetched. */
  readonly now: number;
}

export function Moment({ at, now }: MomentProps): JSX.Element {
  return (
    <time class="moment" title={formatMoment(at)}>
      {formatAgo(at, now)}
    </time>
  );
}
