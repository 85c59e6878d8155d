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
  const ranges = calibration.map(({ from, to, judged, correct }) => ({
    ...{ from, to, judged },
    rate: judged > 0 ? correct / judged : 0,
    thickness: 3 + 5 * Math.sqrt(judged / most),
  }));
  const y = (rate: number): number => SIZE * (1 - rate);
  return (
    <div class="calibration">
      <h3>
        Calibration <Name>{version}</Name> <FeedbackDays of={days.calibration} />
      </h3>
      <div class="calibration-body">
        <figure>
          <svg viewBox={`-8 -8 ${SIZE + 16} ${SIZE + 16}`} aria-hidden="true">
            <rect class="calibration-frame" width={SIZE} height={SIZE} />
            <line class="calibration-ideal" x1="0" y1={SIZE} x2={SIZE} y2="0" />
            {ranges.map(({ from, to, rate, thickness }) => (
              <line
                key={from}
                class="calibration-range"
                x1={from * SIZE}
                x2={to * SIZE}
                y1={y(rate)}
                y2={y(rate)}
                stroke-width={thickness}
              />
            ))}
          </svg>
          <figcaption class="faint">
            confidence →, right ↑; a bar that meets the dashed line is as right as it is sure
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
            {ranges.map(({ from, to, rate, judged }) => (
              <tr key={from}>
                <th scope="row">
                  {Math.round(100 * from)}–{Math.round(100 * to)}%
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
