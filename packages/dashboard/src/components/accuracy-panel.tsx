import type { AccuracyAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import type { Part } from "../api.ts";
import { IntervalBar } from "../chart/interval-bar.tsx";
import { placeInterval } from "../chart/place-interval.ts";
import { formatCount } from "../format/format-count.ts";
import { formatPercent } from "../format/format-number.ts";
import { compareNames } from "../series/series-identity.ts";
import type { View } from "../state/view.ts";
import { accuracyDetails, formatErrors } from "./accuracy-details.ts";
import { Calibration } from "./calibration.tsx";
import { ConfusionTable } from "./confusion-table.tsx";
import { FeedbackDays } from "./feedback-days.tsx";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";
import { PartOf } from "./part-of.tsx";

interface AccuracyPanelProps {
  readonly accuracy: Part<AccuracyAnswer> | undefined;
  readonly model: string;
  readonly view: View;
}

export type VersionAccuracy = AccuracyAnswer["versions"][number];

/** Whether answers were right, as far as the truth came back. */
export function AccuracyPanel({ accuracy, model, view }: AccuracyPanelProps): JSX.Element {
  return (
    <Panel id="accuracy" title="Accuracy" note="from feedback, with 95% intervals">
      <PartOf part={accuracy}>
        {({ versions }) => {
          const rows = versions
            .filter((row) => row.model === model)
            .filter(({ version }) => view.version === undefined || version === view.version)
            .toSorted((a, b) => compareNames(b.version, a.version));
          return rows.length === 0 ? (
            <p class="nothing">
              No truth came back in the last {view.range.name}. Give it to{" "}
              <code>model.feedback(id, {"{ label }"})</code> whenever it is known: it is counted on
              the device, and only the counts are sent.
            </p>
          ) : (
            <>
              <AccuracyTable rows={rows} rangeName={view.range.name} />
              <Details rows={rows} />
            </>
          );
        }}
      </PartOf>
    </Panel>
  );
}

function AccuracyTable(props: {
  readonly rows: readonly VersionAccuracy[];
  readonly rangeName: string;
}): JSX.Element {
  const { rows, rangeName } = props;
  // A common axis that begins where the lowest interval does, so that versions can be told apart.
  const lowest = Math.min(
    1,
    ...rows.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy.low])),
  );
  const from = Math.floor(lowest * 20) / 20;
  return (
    <table class="accuracy">
      <caption class="visually-hidden">
        Accuracy by version in the last {rangeName}, from feedback
      </caption>
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col" class="number">
            Judged
          </th>
          <th scope="col" class="number">
            Accuracy
          </th>
          <td class="bar-cell wide">
            <span class="bar-scale">
              <span>{formatPercent(from)}</span>
              <span>100%</span>
            </span>
          </td>
          <th scope="col" class="number wide" title="Expected calibration error, at least">
            Calibration error
          </th>
          <th scope="col" class="number" title="How far values were off, p50 and p95">
            Error
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ version, judged, accuracy, calibrationError, error, days }) => (
          <tr key={version}>
            <th scope="row">
              <Name>{version}</Name>
            </th>
            <td class="number">{formatCount(judged)}</td>
            <td class="number">
              {accuracy === null ? (
                "–"
              ) : (
                <>
                  {formatPercent(accuracy.value)}{" "}
                  <span class="faint interval-text">
                    {formatPercent(accuracy.low)}–{formatPercent(accuracy.high)}
                  </span>
                </>
              )}
            </td>
            <td class="bar-cell wide">
              {accuracy !== null && (
                <IntervalBar placed={placeInterval(accuracy, from, 1)} tone="plain" />
              )}
            </td>
            <td class="number wide">
              {calibrationError === null ? (
                "–"
              ) : (
                <>
                  ≥ {formatPercent(calibrationError)} <FeedbackDays of={days.calibration} />
                </>
              )}
            </td>
            <td class="number">
              {formatErrors(error)} <FeedbackDays of={days.error} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Each of the newest version that has any. */
function Details({ rows }: { readonly rows: readonly VersionAccuracy[] }): JSX.Element {
  const details = accuracyDetails(rows);
  if (details === undefined)
    return (
      <p class="faint">
        How sure and how wrong answers were is told of whole days, once there is enough of it.
      </p>
    );
  const { calibrated, confused, isJudged } = details;
  return (
    <div class="columns columns-wide">
      {calibrated !== undefined && <Calibration of={calibrated} />}
      {calibrated === undefined && isJudged && (
        <p class="faint">
          How right the sure ones were is shown once there are fifty right and fifty wrong answers
          among them, and among the others.
        </p>
      )}
      {confused !== undefined && <ConfusionTable of={confused} />}
      {confused === undefined && isJudged && (
        <p class="faint">
          Which class was taken for which is shown from fifty predictions of a pair on.
        </p>
      )}
    </div>
  );
}
