import type { ReadDrift } from "../analysis/drift/create-drift-reader.ts";
import type { DriftQuestion } from "../analysis/drift/measure-drift.ts";
import type { Store } from "../store/store.ts";
import { type Reading, readBound } from "./advance-alert.ts";
import type {
  AlertRule,
  BurnRateRule,
  ChangeRule,
  DriftRule,
  ThresholdRule,
} from "./alert-rule.ts";
import { type MetricStore, type MetricValue, readMetric } from "./read-metric.ts";

/** What rules ask. */
export interface Sources {
  readonly store: MetricStore & Pick<Store, "models">;
  readonly readDrift: ReadDrift;
}

/** Finds out where everything that a rule watches is. */
export function evaluateRule(rule: AlertRule, sources: Sources, nowMs: number): Promise<Reading[]> {
  switch (rule.kind) {
    case "threshold":
      return readThreshold(rule, sources, nowMs);
    case "change":
      return readChange(rule, sources, nowMs);
    case "burn-rate":
      return readBurnRate(rule, sources, nowMs);
    case "drift":
      return readDriftVerdicts(rule, sources, nowMs);
  }
}

async function readThreshold(rule: ThresholdRule, { store }: Sources, nowMs: number) {
  const { metric, windowMs, model, minCount, bound } = rule;
  const values = await readMetric(store, metric, { from: nowMs - windowMs, to: nowMs, model });
  return values.map((entry) =>
    readBound(labelsOf(entry), entry.count < minCount ? null : entry.value, bound),
  );
}

async function readChange(rule: ChangeRule, { store }: Sources, nowMs: number): Promise<Reading[]> {
  const { metric, windowMs, model, minCount, bound, against, difference } = rule;
  const from = nowMs - windowMs;
  const now = await readMetric(store, metric, { from, to: nowMs, model });
  const before =
    against === "window-before"
      ? await readMetric(store, metric, { from: from - windowMs, to: from, model })
      : now;
  const firstSeen =
    against === "previous-version"
      ? await readFirstSeen(store, { from: 0, to: nowMs, model })
      : new Map<string, number>();
  return now.map((entry) => {
    const other =
      against === "window-before"
        ? before.find((one) => isSame(one, entry))
        : versionBefore(entry, now, firstSeen);
    const isEnough = other !== undefined && Math.min(entry.count, other.count) >= minCount;
    const change = isEnough ? changeOf(entry.value, other.value, difference) : null;
    return readBound(labelsOf(entry), change, bound);
  });
}

/** `null` where it was nothing before, of which no change is a share. */
function changeOf(
  now: number,
  before: number,
  difference: ChangeRule["difference"],
): number | null {
  if (difference === "absolute") return now - before;
  return before === 0 ? null : (now - before) / before;
}

async function readFirstSeen(
  store: Sources["store"],
  window: Parameters<Store["models"]>[0],
): Promise<Map<string, number>> {
  const { models } = await store.models(window);
  return new Map(
    models.flatMap(({ name, versions }) =>
      versions.map(({ version, firstSeen }) => [JSON.stringify([name, version]), firstSeen]),
    ),
  );
}

/** Of the versions that run beside it, the one that was seen first before it was. */
function versionBefore(
  { model, version }: MetricValue,
  values: readonly MetricValue[],
  firstSeen: ReadonlyMap<string, number>,
): MetricValue | undefined {
  const seen = (one: string) => firstSeen.get(JSON.stringify([model, one])) ?? 0;
  return values
    .filter((one) => one.model === model && seen(one.version) < seen(version))
    .toSorted((a, b) => seen(b.version) - seen(a.version))[0];
}

/**
 * A burn rate of 1 spends exactly what the objective allows. Both windows have to be over the level: the
 * long one so that it matters, the short one so that it is still so.
 *
 * @see https://sre.google/workbook/alerting-on-slos/ (multiwindow, multi-burn-rate alerts)
 */
async function readBurnRate(
  rule: BurnRateRule,
  { store }: Sources,
  nowMs: number,
): Promise<Reading[]> {
  const { longMs, shortMs, model, objective, minCount, bound } = rule;
  const rates = (windowMs: number) =>
    readMetric(store, "failure-rate", { from: nowMs - windowMs, to: nowMs, model });
  const [long, short] = await Promise.all([rates(longMs), rates(shortMs)]);
  return long.map((entry) => {
    const lately = short.find((one) => isSame(one, entry));
    const isEnough = entry.count >= minCount && lately !== undefined;
    const worst = isEnough ? Math.min(entry.value, lately.value) / (1 - objective) : null;
    return readBound(labelsOf(entry), worst, bound);
  });
}

async function readDriftVerdicts(
  rule: DriftRule,
  { store, readDrift }: Sources,
  nowMs: number,
): Promise<Reading[]> {
  const window = { from: nowMs - rule.windowMs, to: nowMs, model: rule.model };
  const { models } = await store.models(window);
  const readings: Reading[] = [];
  for (const { name, versions } of models)
    for (const { version } of versions) {
      const found = await readDrift(driftQuestion(rule, { model: name, version }, nowMs));
      for (const { feature, verdict, psi } of found?.answer.features ?? []) {
        if (rule.features !== undefined && !rule.features.includes(feature)) continue;
        const isKnown = verdict === "drifting" || verdict === "stable";
        readings.push({
          labels: { model: name, version, feature },
          // Where there is a verdict and no number that may be known, there are data all the same.
          value: isKnown ? (psi ?? 0) : null,
          isBreach: verdict === "drifting",
          isClear: verdict === "stable",
        });
      }
    }
  return readings;
}

/** What a drift rule asks about a version. */
export function driftQuestion(
  { baseline, windowMs }: DriftRule,
  { model, version }: { readonly model: string; readonly version: string },
  nowMs: number,
): DriftQuestion {
  return { model, version, baseline, from: nowMs - windowMs, to: nowMs };
}

function labelsOf({ model, version }: MetricValue): { model: string; version: string } {
  return { model, version };
}

function isSame(a: MetricValue, b: MetricValue): boolean {
  return a.model === b.model && a.version === b.version;
}
