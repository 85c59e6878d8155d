import { METRIC_NAMES, type MetricBar } from "@selvedge/packer";
import { UsageError } from "./command-line.ts";

/** A flag as it stands on a command line. */
interface Flag {
  readonly kind: string;
  readonly name?: string;
  readonly value?: string | undefined;
}

/**
 * Reads `--metric accuracy --min 0.97 --metric top5 --min 0.99`: a bar belongs to the metric before
 * it, or to the only one.
 *
 * @param flags the command line, in its order
 * @throws UsageError for a metric there is none of, and for a bar that is no number or belongs to no metric.
 */
export function readMetrics(flags: readonly Flag[]): MetricBar[] {
  const metrics: MetricBar[] = [];
  const waiting: Flag[] = [];
  for (const flag of flags)
    if (flag.name === "metric") metrics.push({ metric: metricName(flag.value) });
    else if (flag.name === "min" || flag.name === "max") {
      const metric = metrics.pop();
      if (metric === undefined) waiting.push(flag);
      else metrics.push(withBar(metric, flag));
    }
  for (const flag of waiting) {
    const [metric, ...others] = metrics;
    if (metric === undefined)
      throw new UsageError(`--${flag.name} ${flag.value} is for no metric; name one with --metric`);
    if (others.length > 0)
      throw new UsageError(`--${flag.name} ${flag.value} has to come after the --metric it is for`);
    metrics[0] = withBar(metric, flag);
  }
  return metrics;
}

function metricName(value: string | undefined): MetricBar["metric"] {
  const metric = METRIC_NAMES.find((name) => name === value);
  if (metric !== undefined) return metric;
  throw new UsageError(`there is no metric "${value}"; use one of ${METRIC_NAMES.join(", ")}`);
}

function withBar(bar: MetricBar, { name, value = "" }: Flag): MetricBar {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) throw new UsageError(`--${name} "${value}" is not a number`);
  if ((name === "min" ? bar.min : bar.max) !== undefined)
    throw new UsageError(`--${name} comes twice for ${bar.metric}`);
  return name === "min" ? { ...bar, min: number } : { ...bar, max: number };
}
