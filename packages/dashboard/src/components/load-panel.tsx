import { useSignal } from "@preact/signals";
import type { LatencyAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { formatDuration } from "../format/format-duration.ts";
import { groupBy } from "../series/group-by.ts";
import { compareSeries, seriesKey } from "../series/series-identity.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { comparePhases } from "./compare-phases.ts";
import { LoadTable } from "./load-table.tsx";
import { Panel } from "./panel.tsx";

interface LoadPanelProps {
  readonly snapshot: Snapshot;
  readonly load: LatencyAnswer["load"];
}

const SHOWN_AT_FIRST = 6;

/** Where the time goes between asking for a model and its being ready. */
export function LoadPanel({ snapshot, load }: LoadPanelProps): JSX.Element {
  const { slots, view } = snapshot;
  const isOpen = useSignal(false);
  // Those with a colour are the busiest: they come first.
  const shownLoad = load.filter(
    ({ version }) => view.version === undefined || version === view.version,
  );
  const groups = [...groupBy(shownLoad.toSorted(compareSeries), seriesKey)].sort(
    ([a], [b]) => Number(slots.has(b)) - Number(slots.has(a)),
  );
  const shown = isOpen.value ? groups : groups.slice(0, SHOWN_AT_FIRST);
  const scaleMs = Math.max(0, ...shown.flatMap(([, phases]) => phases.map(({ p99 }) => p99)));
  return (
    <Panel
      id="loading"
      title="Loading"
      note={
        groups.length === 0
          ? "phase by phase"
          : `phase by phase: p50, p95 and p99 on 0–${formatDuration(scaleMs)}`
      }
    >
      {groups.length === 0 && (
        <p class="nothing">No model was loaded in the last {view.range.name}.</p>
      )}
      <div class="load-tables">
        {shown.map(([key, phases]) => (
          <LoadTable
            key={key}
            phases={phases.toSorted((a, b) => comparePhases(a.phase, b.phase))}
            scaleMs={scaleMs}
            slot={slots.get(key)}
          />
        ))}
      </div>
      {groups.length > SHOWN_AT_FIRST && (
        <button
          type="button"
          class="button more"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.peek();
          }}
        >
          {isOpen.value ? "Show fewer" : `Show ${groups.length - SHOWN_AT_FIRST} more`}
        </button>
      )}
    </Panel>
  );
}
