import type { AlertsAnswer } from "@selvedge/protocol";
import type { AlertChange, Store } from "../store/store.ts";
import type { AlertRule, AlertsConfig } from "./alert-rule.ts";
import { announceChanges } from "./announce-changes.ts";
import { type Announcement, isReceipt, notesOf, receiversOf } from "./announcement.ts";
import { evaluateRule, type Sources } from "./evaluate-rule.ts";
import { createFirstSeen, type FirstSeen } from "./first-seen.ts";
import { createOwedAnnouncements } from "./owed-announcements.ts";
import type { WebhookEdge } from "./send-webhook.ts";
import { type Changes, createStandings } from "./standings.ts";
import { summarizeRule, unitOf } from "./summarize-rule.ts";
import { createWebhookQueue } from "./webhook-queue.ts";

/** Changes that are read again after a restart, and those that are answered. */
const RESTORED = 10_000;
const ANSWERED = 200;

/** Alerts of a collector that runs. */
export interface Alerts {
  /** Rules, where each stands, and what changed lately. */
  answer(): Promise<AlertsAnswer>;
  /** Looks at every rule once, as it does by itself too. Resolves when what was announced is noted. */
  evaluate(): Promise<void>;
  /** Ends what it began; what was not delivered yet is noted as not delivered. */
  close(): Promise<void>;
}

/** What alerts need. */
export interface AlertsOptions extends WebhookEdge {
  readonly config: AlertsConfig;
  readonly sources: Sources;
  readonly store: Pick<Store, "noteAlerts" | "alertHistory">;
  /** Calls back at once and then every so often, until what it returns is called. */
  readonly every: (ms: number, run: () => void) => () => void;
}

/** Watches what rules say, from where they stood when the collector last ran. */
export function startAlerts(options: AlertsOptions): Alerts {
  const { config, sources, store, now, every } = options;
  const { readDrift } = sources;
  const webhooks = createWebhookQueue(options);
  const standings = createStandings(config.rules);
  const owed = createOwedAnnouncements(config.rules);
  const firstSeenOf = new Map<AlertRule, FirstSeen>();
  /** Changes whose webhooks are still on their way. */
  const underway = new Set<AlertChange>();
  const noting = new Set<Promise<void>>();
  let restored: Promise<void> | undefined;
  let running: Promise<void> | undefined;

  const restore = () => {
    restored ??= store.alertHistory(RESTORED).then(
      (history) => {
        standings.restore(history.filter((change) => !isReceipt(change)));
        owed.restore(history, now());
      },
      (error: unknown) => {
        restored = undefined;
        throw error;
      },
    );
    return restored;
  };

  const evaluateAll = async () => {
    await restore();
    for (const rule of config.rules) {
      const nowMs = now();
      // One rule that cannot be looked at must not keep the others from it.
      const firstSeen = firstSeenOf.get(rule) ?? createFirstSeen();
      firstSeenOf.set(rule, firstSeen);
      await evaluateRule(rule, sources, { nowMs, firstSeen })
        .then((findings) => note(rule, standings.advance(rule, findings, nowMs), nowMs))
        .catch(logged(`the alert ${rule.name} could not be evaluated`));
      const isOpen = (labels: AlertChange["labels"]) => standings.isOpen(rule, labels);
      announce(rule, owed.take(rule, { nowMs, isOpen }));
    }
  };

  /** Notes changes: those that someone is told of once that was done. */
  const note = async (rule: AlertRule, { told, quiet }: Changes, nowMs: number) => {
    const announced = told.filter((change) => receiversOf(rule, change).length > 0);
    const unannounced = [...quiet, ...told.filter((change) => !announced.includes(change))];
    owed.begin(rule, announced, nowMs);
    if (unannounced.length > 0) await store.noteAlerts(unannounced);
  };

  /** Tells of changes, now or again, without waiting for it: what was not taken is owed, and told later. */
  const announce = (rule: AlertRule, announcements: readonly Announcement[]): void => {
    if (announcements.length === 0) return;
    for (const { change } of announcements) underway.add(change);
    const noted = announceChanges(rule, announcements, { webhooks, readDrift })
      .then((outcomes) => {
        for (const outcome of outcomes) owed.note(outcome, now());
        return store.noteAlerts(outcomes.flatMap(notesOf));
      })
      .catch(logged(`the alert ${rule.name} was not noted`))
      .finally(() => {
        for (const { change } of announcements) underway.delete(change);
        noting.delete(noted);
      });
    noting.add(noted);
  };

  /** One look takes as long as it takes; the next begins when it is over. */
  const evaluate = () => {
    running ??= evaluateAll().finally(() => {
      running = undefined;
    });
    return running;
  };

  const stop =
    config.rules.length === 0
      ? () => undefined
      : every(config.everyMs, () => {
          evaluate().catch(logged("alerts could not be evaluated"));
        });

  return {
    answer: async () => {
      // After a restart, what fired goes on until a rule says otherwise.
      await restore();
      // Of each change there is one receipt at most.
      const noted = await store.alertHistory(2 * ANSWERED);
      const sending = [...underway].filter(({ delivered }) => delivered === null);
      const history = [
        ...sending.map((change) => ({ ...change, delivered: false })),
        ...noted.filter((change) => !isReceipt(change)),
      ].toSorted((a, b) => b.at - a.at);
      return {
        rules: config.rules.map((rule) => ({
          ...{ name: rule.name, kind: rule.kind, severity: rule.severity },
          summary: summarizeRule(rule),
          unit: unitOf(rule),
          instances: standings.of(rule),
        })),
        history: history.slice(0, ANSWERED),
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

function logged(what: string): (error: unknown) => void {
  return (error) => console.error(`selvedge: ${what}:`, error);
}
