import type { ComparisonAnswer } from "@selvedge/protocol";
import type { JSX } from "preact";
import { ComparisonTable } from "../components/comparison-table.tsx";
import { LatencyPanel } from "../components/latency-panel.tsx";
import { Name } from "../components/name.tsx";
import { PageHead } from "../components/page-head.tsx";
import { Panel } from "../components/panel.tsx";
import { PartOf } from "../components/part-of.tsx";
import { linkTo } from "../state/link-to.ts";
import type { PageProps } from "./page-props.ts";

/** One version against another, with how sure the difference is. */
export function ComparePage({ state, snapshot }: PageProps): JSX.Element {
  const { view, parts, focus } = snapshot;
  const { model = "", a, b } = focus;
  if (a === undefined || b === undefined) return <OneVersion {...{ state, snapshot }} />;
  return (
    <>
      <PageHead
        title={
          <>
            <Name>{b}</Name> <span class="soft">against</span> <Name>{a}</Name>
          </>
        }
        note={
          <>
            <Name>{model}</Name>, the last {view.range.name}
          </>
        }
      >
        <a href={linkTo(view, "compare", { model, a: b, b: a })}>Swap A and B</a>
      </PageHead>
      <PartOf part={parts.comparison}>
        {(comparison) => (
          <>
            <p class="verdict">{verdict(comparison)}</p>
            <ComparisonTable comparison={comparison} />
          </>
        )}
      </PartOf>
      <PartOf part={parts.latency}>
        {(latency) => (
          <LatencyPanel
            snapshot={snapshot}
            latency={{
              ...latency,
              predict: latency.predict.filter(({ version }) => version === a || version === b),
            }}
            cursor={state.cursor}
            isOneModel
          />
        )}
      </PartOf>
    </>
  );
}

/** What all figures together say, in a sentence. */
function verdict({ comparisons, a, b }: ComparisonAnswer): string {
  const count = (wanted: ComparisonAnswer["comparisons"][number]["verdict"]): number =>
    comparisons.filter((one) => one.verdict === wanted).length;
  const better = count("b-better");
  const worse = count("b-worse");
  const decided = comparisons.length - count("too-few");
  if (decided === 0) return "Too little has been measured of both to tell them apart.";
  if (better + worse === 0) return `${b} cannot be told from ${a} by any figure measured.`;
  if (worse === 0) return `${b} is better than ${a} in ${figures(better)}, and worse in none.`;
  if (better === 0) return `${b} is worse than ${a} in ${figures(worse)}, and better in none.`;
  return `${b} is better than ${a} in ${figures(better)}, and worse in ${figures(worse)}.`;
}

function figures(count: number): string {
  return count === 1 ? "one figure" : `${count} figures`;
}

function OneVersion({ snapshot: { view, focus } }: PageProps): JSX.Element {
  return (
    <>
      <PageHead title="Compare versions" />
      <Panel id="comparison" title="There is nothing to compare with">
        <p>
          Of <Name>{focus.model ?? ""}</Name> fewer than two versions ran in the last{" "}
          {view.range.name}. Look back further, or promote another version to a channel that some
          devices load.
        </p>
      </Panel>
    </>
  );
}
