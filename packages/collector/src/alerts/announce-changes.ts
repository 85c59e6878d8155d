import type { ReadDrift } from "../analysis/drift/create-drift-reader.ts";
import type { AlertChange } from "../store/store.ts";
import type { AlertRule, DriftRule } from "./alert-rule.ts";
import { driftQuestion } from "./evaluate-rule.ts";
import { retrainBody } from "./retrain-body.ts";
import { summarizeRule } from "./summarize-rule.ts";
import type { WebhookQueue } from "./webhook-queue.ts";

/** Whether a rule has someone to tell of a change: that an alert fires, or does no longer. */
export function hasReceiver(rule: AlertRule, { to }: AlertChange): boolean {
  const isRetrained = rule.kind === "drift" && rule.retrain !== undefined && to === "firing";
  return isRetrained || rule.webhook !== undefined;
}

/**
 * Tells a rule's webhooks of changes.
 *
 * @returns the changes, and whether all took them who were to be told
 */
export async function announceChanges(
  rule: AlertRule,
  changes: readonly AlertChange[],
  { webhooks, readDrift }: { readonly webhooks: WebhookQueue; readonly readDrift: ReadDrift },
): Promise<AlertChange[]> {
  const { name, webhook } = rule;
  const told = changes.map((change) =>
    webhook === undefined ? undefined : webhooks.send(name, webhook, alertBody(rule, change)),
  );
  const retrained =
    rule.kind === "drift" ? callForTraining(rule, changes, { webhooks, readDrift }) : new Map();
  return Promise.all(
    changes.map(async (change, place) => {
      const isRetrained = change.to === "firing" ? retrained.get(versionOf(change)) : undefined;
      const results = await Promise.all([told[place], isRetrained]);
      return { ...change, delivered: !results.includes(false) };
    }),
  );
}

/** Calls for each version once, however many of its features have begun to drift. */
function callForTraining(
  rule: DriftRule,
  changes: readonly AlertChange[],
  { webhooks, readDrift }: { webhooks: WebhookQueue; readDrift: ReadDrift },
): Map<string, Promise<boolean>> {
  const { name, retrain } = rule;
  const calls = new Map<string, Promise<boolean>>();
  if (retrain === undefined) return calls;
  const call = async ({ labels, at }: AlertChange) => {
    const { model = "", version = "" } = labels;
    const reading = await readDrift(driftQuestion(rule, { model, version }, at));
    if (reading === undefined) return false;
    return webhooks.send(name, retrain, retrainBody(rule, reading, at));
  };
  for (const change of changes) {
    const key = versionOf(change);
    if (change.to !== "firing" || calls.has(key)) continue;
    calls.set(
      key,
      call(change).catch((error: unknown) => {
        console.error(`selvedge: the alert ${name} could not call for training:`, error);
        return false;
      }),
    );
  }
  return calls;
}

/** What a webhook is told: names and numbers that the API answers too. */
function alertBody(rule: AlertRule, { at, labels, from, to, value }: AlertChange) {
  const { name, kind, severity } = rule;
  const about = { event: "alert", rule: name, kind, severity, summary: summarizeRule(rule) };
  return { ...about, labels, from, to, at, value };
}

function versionOf({ labels }: AlertChange): string {
  return JSON.stringify([labels["model"], labels["version"]]);
}
