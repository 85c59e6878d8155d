import { useSignal } from "@preact/signals";
import type { DriftAnswer, DriftBin } from "@selvedge/protocol";
import type { JSX, TargetedKeyboardEvent } from "preact";
import { formatPercent } from "../format/format-number.ts";
import { histogramBars } from "./histogram-bars.ts";

interface HistogramProps {
  readonly label: string;
  readonly bins: readonly DriftBin[];
  readonly baseline: DriftAnswer["baseline"];
}

/** Bins that have room for a label each. */
const FEW = 4;

const HIDDEN = "hidden: fewer than 50 contributors, or it would follow from the others";

/**
 * What was expected and what was seen, on top of each other. Pointer and arrow keys read one bin: to
 * assistive technology, a slider over the bins. The same is in a table below.
 */
export function Histogram({ label, bins, baseline }: HistogramProps): JSX.Element {
  const pointed = useSignal<number | undefined>(undefined);
  const { bars, most } = histogramBars(bins);
  const last = bins.length - 1;
  const at = pointed.value ?? 0;
  const name = baseline === "reference" ? "reference" : "week before";

  function move(event: TargetedKeyboardEvent<HTMLDivElement>): void {
    const from = pointed.peek();
    const to = {
      ArrowLeft: from === undefined ? last : Math.max(0, from - 1),
      ArrowRight: from === undefined ? 0 : Math.min(last, from + 1),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined && event.key !== "Escape") return;
    event.preventDefault();
    pointed.value = to;
  }

  const bin = pointed.value === undefined ? undefined : bins[pointed.value];
  const hidden = bins.filter(({ observed }) => observed === null).length;
  return (
    <div class="histogram">
      <div
        class="histogram-plot"
        role="slider"
        tabIndex={0}
        aria-label={`${label}: move through the bins`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={at}
        aria-valuetext={readOut(bins[at], name)}
        onKeyDown={move}
        onBlur={() => {
          pointed.value = undefined;
        }}
        onPointerLeave={() => {
          pointed.value = undefined;
        }}
      >
        <span class="histogram-top">{formatPercent(most)}</span>
        {bars.map((bar, index) => (
          <div
            key={`${index} ${bar.label}`}
            class="bin"
            data-hidden={bar.observed === null}
            data-pointed={pointed.value === index}
            onPointerEnter={() => {
              pointed.value = index;
            }}
            onPointerDown={() => {
              pointed.value = index;
            }}
          >
            {bar.observed !== null && (
              <span class="bin-observed" style={{ height: `${bar.observed}%` }} />
            )}
            <span class="bin-baseline" style={{ height: `${bar.baseline}%` }} />
          </div>
        ))}
      </div>
      <div class="histogram-ends" data-all={bins.length <= FEW} aria-hidden="true">
        {bins
          .filter((_, index) => bins.length <= FEW || index === 0 || index === last)
          .map((each, index) => (
            <bdi key={`${index} ${each.label}`}>{each.label}</bdi>
          ))}
      </div>
      <p class="histogram-key">
        {bin === undefined ? (
          <>
            <span class="key key-baseline" /> {name} <span class="key key-observed" /> observed{" "}
            {hidden > 0 && (
              <>
                <span class="key key-hidden" /> {hidden} hidden
              </>
            )}
          </>
        ) : (
          readOut(bin, name)
        )}
      </p>
      <BinTable label={label} bins={bins} name={name} hidden={hidden} />
    </div>
  );
}

function BinTable(props: {
  readonly label: string;
  readonly bins: readonly DriftBin[];
  readonly name: string;
  readonly hidden: number;
}): JSX.Element {
  const { label, bins, name, hidden } = props;
  return (
    <details class="bin-table">
      <summary>As a table</summary>
      <table class="compact">
        <caption class="visually-hidden">Bins of {label}</caption>
        <thead>
          <tr>
            <th scope="col">Bin</th>
            <th scope="col" class="number">
              {name}
            </th>
            <th scope="col" class="number">
              observed
            </th>
          </tr>
        </thead>
        <tbody>
          {bins.map((bin, index) => (
            <tr key={`${index} ${bin.label}`}>
              <th scope="row">
                <bdi>{bin.label}</bdi>
              </th>
              <td class="number">{formatPercent(bin.baseline)}</td>
              <td class={bin.observed === null ? "number faint" : "number"}>
                {bin.observed === null ? "hidden" : formatPercent(bin.observed)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && <p class="faint">Bins are {HIDDEN}.</p>}
    </details>
  );
}

function readOut(bin: DriftBin | undefined, name: string): string {
  if (bin === undefined) return "";
  const { label, baseline, observed } = bin;
  const seen = observed === null ? HIDDEN : `observed ${formatPercent(observed)}`;
  return `${label}: ${name} ${formatPercent(baseline)}, ${seen}`;
}
