import type { JSX } from "preact";
import { formatClock } from "../format/format-time.ts";
import type { DashboardState } from "../state/dashboard-state.ts";

interface LiveStatusProps {
  readonly state: DashboardState;
}

/** When the figures are from, and whether they keep coming. */
export function LiveStatus({ state }: LiveStatusProps): JSX.Element {
  const { isLive } = state;
  const fetchedAt = state.snapshot.value?.fetchedAt;
  const health = healthOf(state);
  return (
    <div class="live" data-health={health}>
      <span class="live-text">
        <span class="live-dot" />
        {WORDS[health]}{" "}
        {fetchedAt !== undefined && <time class="faint">{formatClock(fetchedAt)}</time>}
      </span>
      <button
        type="button"
        class="button"
        aria-pressed={!isLive.value}
        onClick={() => {
          isLive.value = !isLive.peek();
        }}
      >
        Pause
      </button>
    </div>
  );
}

const WORDS = {
  loading: "Loading",
  live: "Live",
  paused: "Paused",
  stale: "Stale since",
  lost: "No answer",
};

function healthOf({ fault, snapshot, isLive }: DashboardState): keyof typeof WORDS {
  if (fault.value !== undefined) return snapshot.value === undefined ? "lost" : "stale";
  if (snapshot.value === undefined) return "loading";
  return isLive.value ? "live" : "paused";
}
