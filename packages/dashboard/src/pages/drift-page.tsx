import type { DriftAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { byDrift } from "../components/feature-order.ts";
import { FeaturePanel } from "../components/feature-panel.tsx";
import { Name } from "../components/name.tsx";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { PartOf } from "../components/part-of.tsx";
import { SummaryStrip } from "../components/summary-strip.tsx";
import { formatCount } from "../format/format-count.ts";
import { formatDays } from "../format/format-time.ts";
import type { PageProps } from "./page-props.ts";

/** How far what a model sees and says has moved from what it was made for. */
export function DriftPage({ snapshot }: PageProps): JSX.Element {
  const { view, parts, focus } = snapshot;
  const { model = "", version } = focus;
  const answer = parts.drift?.answer;
  return (
    <>
      <PageHead
        title="Drift"
        note={
          <>
            <Name>{model}</Name> {version !== undefined && <Name>{version}</Name>},{" "}
            {answer === undefined ? "" : `${formatDays(answer.from, answer.to)}, `}
            against{" "}
            {view.baseline === "reference" ? "the reference it was packed with" : "the week before"}
          </>
        }
      />
      {version === undefined && (
        <p class="nothing">
          No version of this model was seen in the last {view.range.name}: look back further.
        </p>
      )}
      <PartOf part={parts.drift}>
        {(drift) =>
          drift.features.length === 0 ? (
            <NoFeatures baseline={drift.baseline} />
          ) : (
            <Features drift={drift} />
          )
        }
      </PartOf>
    </>
  );
}

function Features({ drift }: { readonly drift: DriftAnswer }): JSX.Element {
  const features = drift.features.toSorted(byDrift);
  const drifting = features.filter(({ verdict }) => verdict === "drifting");
  const stable = features.filter(({ verdict }) => verdict === "stable").length;
  const open = features.length - drifting.length - stable;
  const contributors = Math.max(...features.map((feature) => feature.contributors));
  return (
    <>
      <SummaryStrip
        label="Drift in figures"
        figures={[
          {
            name: "Drifting",
            value: String(drifting.length),
            note: drifting[0]?.feature ?? "no feature",
            isAlarming: drifting.length > 0,
          },
          { name: "Stable", value: String(stable), note: `of ${features.length} features` },
          {
            name: "No verdict",
            value: String(open),
            note: open === 0 ? "none" : "too few, or no baseline",
          },
          {
            name: "Contributors",
            value: formatCount(contributors),
            note: "devices × days, of the feature with most",
          },
        ]}
      />
      <div class="features">
        {features.map((feature) => (
          <FeaturePanel
            key={JSON.stringify([feature.side, feature.feature])}
            feature={feature}
            baseline={drift.baseline}
          />
        ))}
      </div>
    </>
  );
}

function NoFeatures({ baseline }: Pick<DriftAnswer, "baseline">): JSX.Element {
  return (
    <Panel id="no-drift" title="There is nothing to measure drift by">
      {baseline === "reference" ? (
        <p>
          This version was packed without a reference, or devices have not sent any distribution
          yet. Pack the model with <code>selvedge pack --reference FILE</code>: devices then count
          what they see into its bins, and send the counts alone.
        </p>
      ) : (
        <p>
          Nothing was counted, neither now nor a week before. Compare with the reference instead.
        </p>
      )}
    </Panel>
  );
}
