import type { AlertState, AlertsAnswer } from "@selvedge/protocol";
import type { AlertChange, Store } from "../store/store.ts";
import { advanceAlert, type Reading, type Standing } from "./advance-alert.ts";
import type { AlertRule, AlertsConfig, DriftRule } from "./alert-rule.ts";
import { driftQuestion, evaluateRule, type Sources } from "./evaluate-rule.ts";
import { retrainBody } from "./retrain-body.ts";
import type { WebhookEdge } from "./send-webhook.ts";
import { summarizeRule } from "./summarize-rule.ts";
import { createWebhookQueue } from "./webhook-queue.ts";

/** Changes that are read again after a restart, and those that are answered. */
const RESTORED = 10_000;
const ANSWERED = 200;

/** What nothing was heard of for so long is no longer spoken of. */
const FORGET_MS = 24 * 60 * 60 * 1000;

/** Things that one rule watches at most. */
const MAX_INSTANCES = 1000;

/** Alerts of a collector that runs. */
export interface Alerts {
  /** Rules, where each stands, and what changed lately. */
  answer(): Promise<AlertsAnswer>;
  /** Looks at every rule once; it does so by itself too. Resolves when all is noted that was delivered. */
  evaluate(): Promise<void>;
  /** Ends what it began; what was not delivered yet is noted as not delivered. */
  close(): Promise<void>;
}

/** What alerts need. */
export interface AlertsOptions extends WebhookEdge {
  readonly config: AlertsConfig;
  readonly sources: Sources;
  readonly store: Pick<Store, "noteAlerts" | "alertHistory">;
  /** Calls back every so often, until what it returns is called. */
  readonly every: (ms: number, run: () => void) => () => void;
}

interface Instance extends Standing {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | null;
}

/** Watches what rules say, from where they stood when the collector last ran. */
export function startAlerts(options: AlertsOptions): Alerts {
  const { config, sources, store, now, every } = options;
  const webhooks = createWebhookQueue(options);
  const instances = new Map(config.rules.map(({ name }) => [name, new Map<string, Instance>()]));
  /** Changes whose webhooks are still on their way. */
  const underway = new Set<AlertChange>();
  const noting = new Set<Promise<void>>();
  let restored: Promise<void> | undefined;
  let running: Promise<void> | undefined;

  const restore = async () => {
    // The latest come first: of each instance the first that is found is where it stands.
    for (const { rule, labels, to, at, value } of await store.alertHistory(RESTORED)) {
      const key = keyOf(labels);
      const standing = instances.get(rule);
      if (standing && !standing.has(key))
        standing.set(key, { labels, state: to, since: at, value });
    }
  };

  const evaluateAll = async () => {
    restored ??= restore().catch((error: unknown) => {
      restored = undefined;
      throw error;
    });
    await restored;
    for (const rule of config.rules) {
      const nowMs = now();
      try {
        const readings = await evaluateRule(rule, sources, nowMs);
        await tell(rule, advanceAll(rule, readings, nowMs));
      } catch (error) {
        // One rule that cannot be looked at must not keep the others from it.
        console.error(`selvedge: the alert ${rule.name} could not be evaluated:`, error);
      }
    }
  };

  const advanceAll = (rule: AlertRule, readings: readonly Reading[], nowMs: number) => {
    const known = instances.get(rule.name) ?? new Map<string, Instance>();
    const heard = new Map(readings.map((reading) => [keyOf(reading.labels), reading]));
    for (const [key, { labels }] of known)
      if (!heard.has(key)) heard.set(key, { labels, value: null, isBreach: false, isClear: false });
    const changes: AlertChange[] = [];
    for (const [key, reading] of heard) {
      if (!known.has(key) && known.size >= MAX_INSTANCES) continue;
      const before = known.get(key) ?? { state: "ok" as AlertState, since: nowMs };
      const { labels, value } = reading;
      const after = advanceAlert(before, reading, { forMs: rule.forMs, nowMs });
      known.set(key, { ...after, labels, value });
      if (after.state !== before.state)
        changes.push({
          ...{ at: nowMs, rule: rule.name, labels, from: before.state, to: after.state, value },
          delivered: null,
        });
      if (after.state === "no-data" && nowMs - after.since > FORGET_MS) known.delete(key);
    }
    return changes;
  };

  /** Notes changes, those that someone is told of once that was done. */
  const tell = async (rule: AlertRule, changes: readonly AlertChange[]) => {
    const isTold = (change: AlertChange) =>
      (rule.webhook !== undefined || (rule.kind === "drift" && rule.retrain !== undefined)) &&
      (change.from === "firing" || change.to === "firing");
    const quiet = changes.filter((change) => !isTold(change));
    if (quiet.length > 0) await store.noteAlerts(quiet);
    const told = changes.filter(isTold);
    for (const change of told) underway.add(change);
    const noted = deliver(rule, told)
      .catch((error: unknown) =>
        console.error(`selvedge: the alert ${rule.name} was not noted:`, error),
      )
      .finally(() => {
        for (const change of told) underway.delete(change);
        noting.delete(noted);
      });
    noting.add(noted);
  };

  const deliver = async (rule: AlertRule, changes: readonly AlertChange[]) => {
    if (changes.length === 0) return;
    const { webhook } = rule;
    const sent = changes.map(async (change) => {
      if (webhook === undefined) return null;
      return webhooks.send(rule.name, webhook, alertBody(rule, change));
    });
    const retrained = rule.kind === "drift" ? startRetraining(rule, changes) : new Map();
    const delivered = await Promise.all(
      changes.map(async (change, i) => {
        const results = [await sent[i], await retrained.get(versionOf(change))];
        const known = results.filter((result) => typeof result === "boolean");
        return { ...change, delivered: known.length === 0 ? null : known.every(Boolean) };
      }),
    );
    await store.noteAlerts(delivered);
  };

  /** Calls for each version once, whatever number of its features has begun to drift. */
  const startRetraining = (rule: DriftRule, changes: readonly AlertChange[]) => {
    const { retrain } = rule;
    const calls = new Map<string, Promise<boolean>>();
    if (retrain === undefined) return calls;
    for (const change of changes) {
      const { model = "", version = "" } = change.labels;
      const key = versionOf(change);
      if (change.to !== "firing" || calls.has(key)) continue;
      const question = driftQuestion(rule, { model, version }, change.at);
      calls.set(
        key,
        sources.readDrift(question).then(
          (reading) =>
            reading !== undefined &&
            webhooks.send(rule.name, retrain, retrainBody(rule, reading, change.at)),
          () => false,
        ),
      );
    }
    return calls;
  };

  const evaluate = () => {
    // One look takes as long as it takes; the next begins when it is over.
    running ??= evaluateAll().finally(() => {
      running = undefined;
    });
    return running;
  };

  const stop =
    config.rules.length === 0
      ? () => undefined
      : every(config.everyMs, () => {
          evaluate().catch((error: unknown) =>
            console.error("selvedge: alerts could not be evaluated:", error),
          );
        });

  return {
    answer: async () => {
      const noted = await store.alertHistory(ANSWERED);
      const sending = [...underway].map((change) => ({ ...change, delivered: false }));
      return {
        rules: config.rules.map((rule) => ({
          ...{ name: rule.name, kind: rule.kind, severity: rule.severity },
          summary: summarizeRule(rule),
          instances: [...(instances.get(rule.name)?.values() ?? [])].map(
            ({ labels, state, since, value }) => ({ labels, state, since, value }),
          ),
        })),
        history: [...sending, ...noted].toSorted((a, b) => b.at - a.at).slice(0, ANSWERED),
      };
    },
    evaluate: async () => {
      await evaluate();
      await Promise.all(noting);
    },
    close: async () => {
      stop();
      webhooks.close();
      await running?.catch(() => undefined);
      await Promise.all(noting);
    },
  };
}

/** What a webhook is told: names and numbers that the API answers too. */
function alertBody(rule: AlertRule, { at, labels, from, to, value }: AlertChange) {
  return {
    event: "alert",
    rule: rule.name,
    kind: rule.kind,
    severity: rule.severity,
    summary: summarizeRule(rule),
    labels,
    from,
    to,
    at,
    value,
  };
}

function versionOf({ labels }: AlertChange): string {
  return JSON.stringify([labels["model"], labels["version"]]);
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
