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
            data-pointed={pointed.value === index}
            onPointerEnter={() => {
              pointed.value = index;
            }}
            onPointerDown={() => {
              pointed.value = index;
            }}
          >
            <span class="bin-observed" style={{ height: `${bar.observed}%` }} />
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
            <span class="key key-baseline" /> {name} <span class="key key-observed" /> observed
          </>
        ) : (
          readOut(bin, name)
        )}
      </p>
      <BinTable label={label} bins={bins} name={name} />
    </div>
  );
}

function BinTable(props: {
  readonly label: string;
  readonly bins: readonly DriftBin[];
  readonly name: string;
}): JSX.Element {
  const { label, bins, name } = props;
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
              <td class="number">{formatPercent(bin.observed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function readOut(bin: DriftBin | undefined, name: string): string {
  if (bin === undefined) return "";
  const { label, baseline, observed } = bin;
  return `${label}: ${name} ${formatPercent(baseline)}, observed ${formatPercent(observed)}`;
}
