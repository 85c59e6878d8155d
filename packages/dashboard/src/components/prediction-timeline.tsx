import type { PredictionAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { type PlacedStep, placeSteps } from "../chart/place-steps.ts";
import { formatDuration } from "../format/format-duration.ts";
import { formatMoment } from "../format/format-time.ts";
import { attributeName, formatAttribute } from "./attribute-names.ts";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";

interface PredictionTimelineProps {
  readonly prediction: PredictionAnswer;
}

type Step = PredictionAnswer["steps"][number];

/** The steps of a prediction in time, and what its record says. */
export function PredictionTimeline({ prediction }: PredictionTimelineProps): JSX.Element {
  const { startMs, totalMs, steps } = placeSteps(prediction.steps);
  const records = prediction.steps.filter(({ kind }) => kind === "record");
  return (
    <>
      <Panel
        id="timeline"
        title="Timeline"
        note={`${formatMoment(startMs)}, ${formatDuration(totalMs)} in all`}
      >
        <table class="timeline">
          <caption class="visually-hidden">Steps of prediction {prediction.id}, by time</caption>
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col" class="number wide">
                After
              </th>
              <th scope="col" class="number">
                Took
              </th>
              <td class="timeline-cell">
                <span class="bar-scale">
                  <span>0</span>
                  <span>{formatDuration(totalMs)}</span>
                </span>
              </td>
            </tr>
          </thead>
          <tbody>
            {steps.map((placed, index) => (
              <Row key={`${index} ${placed.step.name}`} placed={placed} />
            ))}
          </tbody>
        </table>
      </Panel>
      {records.map((record) => (
        <Panel key={record.at} id="record" title="Record" note="as the device sent it">
          <Attributes step={record} />
        </Panel>
      ))}
      {records.length === 0 && (
        <Panel id="record" title="No record">
          <p class="soft">Only spans of it were sampled: what it ran on is in their attributes.</p>
          {prediction.steps[0] !== undefined && <Attributes step={prediction.steps[0]} />}
        </Panel>
      )}
    </>
  );
}

function Row({ placed }: { readonly placed: PlacedStep<Step> }): JSX.Element {
  const { step, left, width, afterMs } = placed;
  return (
    <tr>
      <th scope="row">
        <Name>{step.name}</Name> <span class="faint">{step.kind}</span>
      </th>
      <td class="number wide">{formatDuration(afterMs)}</td>
      <td class="number">{step.durationMs === null ? "–" : formatDuration(step.durationMs)}</td>
      <td class="timeline-cell">
        <div class="timeline-track" aria-hidden="true">
          {step.durationMs === null ? (
            <span class="timeline-point" style={{ left: `${left}%` }} />
          ) : (
            <span class="timeline-bar" style={{ left: `${left}%`, width: `${width}%` }} />
          )}
        </div>
      </td>
    </tr>
  );
}

function Attributes({ step }: { readonly step: Step }): JSX.Element {
  return (
    <dl class="attributes">
      {Object.entries(step.attributes).map(([name, value]) => (
        <div key={name}>
          <dt title={name}>
            <bdi>{attributeName(name)}</bdi>
          </dt>
          <dd>
            <bdi>{formatAttribute(name, value)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
