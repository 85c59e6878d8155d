import type { DriftBin } from "@selvedge/protocol";

/** How high a bin's two bars stand, in percent of the histogram's height. */
export interface HistogramBar {
  readonly label: string;
  readonly baseline: number;
  readonly observed: number;
}

/** Both histograms on one scale, whose top is `most`, a share. */
export function histogramBars(bins: readonly DriftBin[]): {
  readonly most: number;
  readonly bars: readonly HistogramBar[];
} {
  const most = Math.max(0, ...bins.map(({ baseline, observed }) => Math.max(baseline, observed)));
  const height = (share: number): number => (most > 0 ? (100 * share) / most : 0);
  return {
    most,
    bars: bins.map(({ label, baseline, observed }) => ({
      label,
      baseline: height(baseline),
      observed: height(observed),
    })),
  };
}
