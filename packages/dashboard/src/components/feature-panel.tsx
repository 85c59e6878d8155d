import type { DriftAnswer, DriftVerdict, FeatureDrift } from "@selvedge/protocol";
import type { JSX } from "preact";
import { Histogram } from "../chart/histogram.tsx";
import { formatCount } from "../format/format-count.ts";
import { formatNumber, formatPercent } from "../format/format-number.ts";
import { Chip } from "./chip.tsx";
import { Name } from "./name.tsx";
import type { Tone } from "./tone.ts";

interface FeaturePanelProps {
  readonly feature: FeatureDrift;
  readonly baseline: DriftAnswer["baseline"];
}

const VERDICTS: Readonly<Record<DriftVerdict, { readonly name: string; readonly tone: Tone }>> = {
  drifting: { name: "Drifting", tone: "bad" },
  stable: { name: "Stable", tone: "good" },
  "too-few": { name: "Too few", tone: "quiet" },
  "no-baseline": { name: "No baseline", tone: "quiet" },
};

/** One feature: its verdict, the figures it rests on, and both histograms. */
export function FeaturePanel({ feature, baseline }: FeaturePanelProps): JSX.Element {
  const { side, measure, verdict, contributors, bins } = feature;
  const { name, tone } = VERDICTS[verdict];
  const id = `feature-${side}-${feature.feature}`.replaceAll(/[^\w-]/g, "_");
  return (
    <article class="feature" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          <Name>{feature.feature}</Name>
        </h2>
        <span class="faint">
          {side}, {measure}
        </span>
        <Chip tone={tone}>{name}</Chip>
      </header>
      <dl class="feature-figures">
        <Figure
          name="PSI"
          meaning="Population stability index"
          value={feature.psi}
          format={formatNumber}
        />
        <Figure
          name="JS"
          meaning="Jensen–Shannon distance"
          value={feature.jensenShannon}
          format={formatNumber}
        />
        <Figure
          name="KS"
          meaning="Kolmogorov–Smirnov distance"
          value={feature.kolmogorovSmirnov}
          format={formatNumber}
        />
        <Figure name="Missing" value={feature.missing} format={formatPercent} />
        <Figure name="Out of range" value={feature.outOfRange} format={formatPercent} />
        <Figure name="Unseen" value={feature.unseen} format={formatPercent} />
        <Figure name="Contributors" value={contributors} format={formatCount} />
      </dl>
      {bins.length > 0 && verdict === "too-few" && (
        <p class="feature-note">
          There is no verdict under 500 contributors: {formatCount(contributors)} so far.
        </p>
      )}
      {bins.length === 0 ? (
        <p class="histogram-none">{whyNone(feature)}</p>
      ) : (
        <Histogram label={feature.feature} bins={bins} baseline={baseline} />
      )}
    </article>
  );
}

function whyNone({ verdict, contributors }: FeatureDrift): string {
  if (verdict === "no-baseline") return "There is no baseline to draw beside it.";
  const soFar = `${formatCount(contributors)} so far`;
  return contributors < 50
    ? `Fewer than 50 contributors (${soFar}): nothing of it is shown, so that nobody can be told from the rest.`
    : `Days are put together until 500 contributors are in, more where answers are randomised (${soFar}); until then nothing is shown.`;
}

function Figure(props: {
  readonly name: string;
  readonly meaning?: string;
  readonly value: number | null;
  readonly format: (value: number) => string;
}): JSX.Element | null {
  const { name, meaning, value, format } = props;
  if (value === null) return null;
  return (
    <div>
      <dt>{meaning === undefined ? name : <abbr title={meaning}>{name}</abbr>}</dt>
      <dd>{format(value)}</dd>
    </div>
  );
}
