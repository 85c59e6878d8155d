import type { JSX } from "preact";
import { formatCount } from "../format/format-count.ts";
import { formatPercent } from "../format/format-number.ts";
import type { VersionAccuracy } from "./accuracy-panel.tsx";
import { FeedbackDays } from "./feedback-days.tsx";
import { Name } from "./name.tsx";

interface CalibrationProps {
  readonly of: VersionAccuracy;
}

const SIZE = 200;

/** How often answers were right that the model gave with so much confidence: on the diagonal is honest. */
export function Calibration({ of }: CalibrationProps): JSX.Element {
  const { version, calibration, days } = of;
  const most = Math.max(...calibration.map(({ judged }) => judged));
  const points = calibration
    .toSorted((a, b) => a.tenth - b.tenth)
    .map(({ tenth, judged, correct }) => ({
      tenth,
      judged,
      rate: judged > 0 ? correct / judged : 0,
      x: ((tenth + 0.5) / 10) * SIZE,
      radius: 3 + 4 * Math.sqrt(judged / most),
    }));
  const y = (rate: number): number => SIZE * (1 - rate);
  return (
    <div class="calibration">
      <h3>
        Calibration <Name>{version}</Name> <FeedbackDays of={days} />
      </h3>
      <div class="calibration-body">
        <figure>
          <svg viewBox={`-8 -8 ${SIZE + 16} ${SIZE + 16}`} aria-hidden="true">
            <rect class="calibration-frame" width={SIZE} height={SIZE} />
            <line class="calibration-ideal" x1="0" y1={SIZE} x2={SIZE} y2="0" />
            <path
              class="calibration-line"
              d={points.map(({ x, rate }, i) => `${i === 0 ? "M" : "L"}${x} ${y(rate)}`).join("")}
            />
            {points.map(({ tenth, x, rate, radius }) => (
              <circle key={tenth} class="calibration-dot" cx={x} cy={y(rate)} r={radius} />
            ))}
          </svg>
          <figcaption class="faint">
            confidence →, right ↑; dashed: as right as it is sure
          </figcaption>
        </figure>
        <table class="compact">
          <caption class="visually-hidden">Calibration of version {version}</caption>
          <thead>
            <tr>
              <th scope="col">Confidence</th>
              <th scope="col" class="number">
                Right
              </th>
              <th scope="col" class="number">
                Judged
              </th>
            </tr>
          </thead>
          <tbody>
            {points.map(({ tenth, rate, judged }) => (
              <tr key={tenth}>
                <th scope="row">
                  {tenth * 10}–{tenth * 10 + 10}%
                </th>
                <td class="number">{formatPercent(rate)}</td>
                <td class="number faint">{formatCount(judged)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
