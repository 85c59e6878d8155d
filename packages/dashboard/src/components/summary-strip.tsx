import type { JSX } from "preact";
import { formatCount } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import { formatAgo, formatMoment } from "../format/format-time.ts";
import { isKnown } from "../series/series-identity.ts";
import type { Snapshot } from "../state/dashboard-state.ts";
import { SeriesName } from "./series-name.tsx";

interface SummaryStripProps {
  readonly snapshot: Snapshot;
}

/** The four figures one looks for first. */
export function SummaryStrip({ snapshot }: SummaryStripProps): JSX.Element {
  const { view, latency, fetchedAt } = snapshot;
  const models = snapshot.models.models.filter(
    ({ name }) => view.model === undefined || name === view.model,
  );
  const rows = models.flatMap((model) => model.versions);
  const versions = rows.filter(({ version }) => isKnown(version));
  const predictions = rows.reduce((sum, version) => sum + version.predictions, 0);
  const failures = rows.reduce((sum, version) => sum + version.failures, 0);
  const lastSeen = Math.max(...rows.map((version) => version.lastSeen));
  const slowest = latency.predict.toSorted((a, b) => b.p95 - a.p95)[0];
  return (
    <dl class="summary" aria-label={`The last ${view.range.name} in figures`}>
      <div>
        <dt>Predictions</dt>
        <dd class="figure">{formatCount(predictions)}</dd>
        <dd class="figure-note">
          {plural(models.length, "model")}, {plural(versions.length, "version")}
        </dd>
      </div>
      <div data-alarming={failures > 0}>
        <dt>Failures</dt>
        <dd class="figure">{formatCount(failures)}</dd>
        <dd class="figure-note">against {formatCount(predictions)} answers</dd>
      </div>
      <div>
        <dt>Slowest p95</dt>
        <dd class="figure">{slowest === undefined ? "–" : formatDuration(slowest.p95)}</dd>
        <dd class="figure-note">
          {slowest === undefined ? (
            "nothing measured"
          ) : (
            <SeriesName identity={slowest} withModel={models.length > 1} dtype={slowest.dtype} />
          )}
        </dd>
      </div>
      <div>
        <dt>Last heard from</dt>
        <dd class="figure">{formatAgo(lastSeen, fetchedAt)}</dd>
        <dd class="figure-note">{formatMoment(lastSeen)}</dd>
      </div>
    </dl>
  );
}

function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
