import type { ComponentChildren, JSX } from "preact";
import type { Part } from "../api.ts";
import { describeFault } from "../api-problem.ts";
import { formatMoment } from "../format/format-time.ts";

interface PartOfProps<T> {
  /** `undefined`: the page has not asked for it. */
  readonly part: Part<T> | undefined;
  readonly children: (answer: T) => ComponentChildren;
}

/** What was answered to one question; or why not, in its place. */
export function PartOf<T>({ part, children }: PartOfProps<T>): JSX.Element | null {
  if (part === undefined) return null;
  const { answer, at, fault } = part;
  return (
    <>
      {fault !== undefined && (
        <div class="part-fault" role="status">
          <strong>{describeFault(fault).what}</strong> {describeFault(fault).next}
          {answer !== undefined && at !== undefined && (
            <> Shown is what it said at {formatMoment(at)}.</>
          )}
        </div>
      )}
      {answer !== undefined && (
        <div class="part" data-stale={fault !== undefined}>
          {children(answer)}
        </div>
      )}
    </>
  );
}
