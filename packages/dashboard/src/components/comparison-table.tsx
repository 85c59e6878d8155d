import type { Comparison, ComparisonAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { IntervalBar } from "../chart/interval-bar.tsx";
import { placeDifference } from "../chart/place-interval.ts";
import { formatCompactCount } from "../format/format-count.ts";
import { formatDuration } from "../format/format-duration.ts";
import { formatPercent, withSign } from "../format/format-number.ts";
import { Chip } from "./chip.tsx";
import { Name } from "./name.tsx";
import { Panel } from "./panel.tsx";
import type { Tone } from "./tone.ts";

interface ComparisonTableProps {
  readonly comparison: ComparisonAnswer;
}

const METRICS: Readonly<
  Record<
    Comparison["metric"],
    { readonly name: string; readonly better: string; readonly format: (value: number) => string }
  >
> = {
  "failure-rate": { name: "Failure rate", better: "lower is better", format: formatPercent },
  "latency-p50": { name: "Latency p50", better: "lower is better", format: formatDuration },
  "latency-p95": { name: "Latency p95", better: "lower is better", format: formatDuration },
  accuracy: { name: "Accuracy", better: "higher is better", format: formatPercent },
};

const VERDICTS: Readonly<
  Record<Comparison["verdict"], { readonly name: string; readonly tone: Tone }>
> = {
  "b-better": { name: "B is better", tone: "good" },
  "b-worse": { name: "B is worse", tone: "bad" },
  "no-difference": { name: "No difference", tone: "quiet" },
  "too-few": { name: "Too few to say", tone: "quiet" },
};

/** Each figure of both versions, and the difference with its interval, drawn. */
export function ComparisonTable({ comparison }: ComparisonTableProps): JSX.Element {
  const { a, b, comparisons } = comparison;
  return (
    <Panel id="comparison" title="Difference" note="B − A, with its 95% confidence interval">
      <table class="comparison">
        <caption class="visually-hidden">
          Version {b} against version {a}
        </caption>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" class="number">
              A <Name>{a}</Name>
            </th>
            <th scope="col" class="number">
              B <Name>{b}</Name>
            </th>
            <th scope="col" class="number wide">
              Difference
            </th>
            <td class="interval-cell wide" />
            <th scope="col" class="wide">
              Verdict
            </th>
          </tr>
        </thead>
        <tbody>
          {comparisons.map((one) => (
            <Row key={one.metric} comparison={one} />
          ))}
        </tbody>
      </table>
      <p class="panel-note">
        An interval that holds zero, the line in its middle, is no difference that could be told
        from chance.
      </p>
    </Panel>
  );
}

function Row({ comparison }: { readonly comparison: Comparison }): JSX.Element {
  const { metric, a, b, difference, verdict } = comparison;
  const { name, better, format } = METRICS[metric];
  const { name: word, tone } = VERDICTS[verdict];
  const text =
    difference === null ? (
      "–"
    ) : (
      <>
        {withSign(difference.value, format)}{" "}
        <span class="faint interval-text">
          {withSign(difference.low, format)} … {withSign(difference.high, format)}
        </span>
      </>
    );
  const bar = difference !== null && (
    <IntervalBar
      placed={placeDifference(difference)}
      zero={50}
      tone={tone === "good" || tone === "bad" ? tone : "plain"}
    />
  );
  const chip = <Chip tone={tone}>{word}</Chip>;
  return (
    <>
      <tr>
        <th scope="row">
          {name} <span class="faint">{better}</span>
        </th>
        <Figure of={a} format={format} />
        <Figure of={b} format={format} />
        <td class="number wide">{text}</td>
        <td class="interval-cell wide">{bar}</td>
        <td class="wide">{chip}</td>
      </tr>
      {/* Where there is no room beside them, below. */}
      <tr class="narrow-row">
        <td colSpan={3}>
          <div class="difference">
            <span>{text}</span> {chip}
          </div>
          {bar}
        </td>
      </tr>
    </>
  );
}

function Figure(props: {
  readonly of: Comparison["a"];
  readonly format: (value: number) => string;
}): JSX.Element {
  const { of: figure, format } = props;
  if (figure === null) return <td class="number faint">–</td>;
  return (
    <td class="number">
      {format(figure.value)}{" "}
      <span class="faint interval-text">of {formatCompactCount(figure.count)}</span>
    </td>
  );
}
