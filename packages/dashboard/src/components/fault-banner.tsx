import type { JSX } from "preact";
import { type ApiFault, describeFault } from "../api-problem.ts";
import { formatMoment } from "../format/format-time.ts";
import type { DashboardState } from "../state/dashboard-state.ts";

interface FaultBannerProps {
  readonly fault: ApiFault;
  readonly state: DashboardState;
}

/** Says that the figures are old, or that there are none, why, and what happens next. */
export function FaultBanner({ fault, state }: FaultBannerProps): JSX.Element {
  const { what, next } = describeFault(fault);
  const snapshot = state.snapshot.value;
  const retry = state.isLive.value ? "Trying again every few seconds." : "Refreshing is paused.";
  return (
    <div class="fault" role="alert" data-alone={snapshot === undefined}>
      <div>
        <strong>{what}</strong>
        <p>
          {next} {retry}
        </p>
        {snapshot !== undefined && (
          <p>
            Shown is the last {snapshot.view.range.name} as of{" "}
            <time>{formatMoment(snapshot.fetchedAt)}</time>.
          </p>
        )}
      </div>
      <button type="button" class="button" onClick={() => void state.refresh()}>
        Try now
      </button>
    </div>
  );
}
