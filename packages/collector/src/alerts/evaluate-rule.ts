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
import type { FirstSeen } from "./first-seen.ts";
import { type MetricStore, type MetricValue, readMetric } from "./read-metric.ts";

/** What rules ask. */
export interface Sources {
  readonly store: MetricStore & Pick<Store, "models">;
  readonly readDrift: ReadDrift;
}

/** When a rule is looked at, and what is remembered from when it was before. */
export interface Looking {
  readonly nowMs: number;
  /** Of this rule alone. */
  readonly firstSeen: FirstSeen;
}

/** What looking at a rule came to. */
export interface Findings {
  readonly readings: readonly Reading[];
  /** What could not be read, of which nothing follows: each thing with all of these labels. */
  readonly unread: readonly Reading["labels"][];
}

/** Finds out where everything that a rule watches is. */
export async function evaluateRule(
  rule: AlertRule,
  sources: Sources,
  looking: Looking,
): Promise<Findings> {
  const { nowMs } = looking;
  switch (rule.kind) {
    case "threshold":
      return { readings: await readThreshold(rule, sources, nowMs), unread: [] };
    case "change":
      return { readings: await readChange(rule, sources, looking), unread: [] };
    case "burn-rate":
      return { readings: await readBurnRate(rule, sources, nowMs), unread: [] };
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

async function readChange(
  rule: ChangeRule,
  { store }: Sources,
  { nowMs, firstSeen }: Looking,
): Promise<Reading[]> {
  const { metric, windowMs, model, minCount, bound, against, difference } = rule;
  const from = nowMs - windowMs;
  const isOfVersions = against === "previous-version";
  const now = await readMetric(store, metric, { from, to: nowMs, model });
  const before = isOfVersions
    ? now
    : await readMetric(store, metric, { from: from - windowMs, to: from, model });
  if (isOfVersions) await firstSeen.look(store, { to: nowMs, model });
  return now.map((entry) => {
    const other = isOfVersions
      ? firstSeen.before(entry, now)
      : before.find((one) => isSame(one, entry));
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
): Promise<Findings> {
  const window = { from: nowMs - rule.windowMs, to: nowMs, model: rule.model };
  const { models } = await store.models(window);
  const readings: Reading[] = [];
  const unread: Reading["labels"][] = [];
  for (const { name, versions } of models)
    for (const { version } of versions) {
      const labels = { model: name, version };
      // A manifest that cannot be believed is told of, and does not keep others from being looked at.
      const found = await readDrift(driftQuestion(rule, labels, nowMs)).catch((error: unknown) => {
        console.error(`selvedge: drift of ${name}@${version} could not be measured:`, error);
        unread.push(labels);
        return undefined;
      });
      for (const { feature, verdict, psi } of found?.answer.features ?? []) {
        if (rule.features !== undefined && !rule.features.includes(feature)) continue;
        const isKnown = verdict === "drifting" || verdict === "stable";
        readings.push({
          labels: { ...labels, feature },
          // Where there is a verdict and no number that may be known, there are data all the same.
          value: isKnown ? (psi ?? 0) : null,
          isBreach: verdict === "drifting",
          isClear: verdict === "stable",
        });
      }
    }
  return { readings, unread };
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
