import type { ReadDrift } from "../analysis/drift/create-drift-reader.ts";
import type { AlertChange } from "../store/store.ts";
import type { AlertRule, DriftRule } from "./alert-rule.ts";
import type { Announcement, Outcome, Receiver } from "./announcement.ts";
import { driftQuestion } from "./evaluate-rule.ts";
import { retrainBody } from "./retrain-body.ts";
import { summarizeRule } from "./summarize-rule.ts";
import type { WebhookQueue } from "./webhook-queue.ts";

/**
 * Tells a rule's receivers of changes.
 *
 * @returns what became of each, in their order
 */
export async function announceChanges(
  rule: AlertRule,
  announcements: readonly Announcement[],
  { webhooks, readDrift }: { readonly webhooks: WebhookQueue; readonly readDrift: ReadDrift },
): Promise<Outcome[]> {
  const { name, webhook } = rule;
  const of = (receiver: Receiver) =>
    announcements.filter(({ receivers }) => receivers.includes(receiver));
  const told = new Map(
    webhook === undefined
      ? []
      : of("webhook").map(({ change }) => [
          change,
          webhooks.send(name, webhook, alertBody(rule, change)),
        ]),
  );
  const changes = of("retrain").map(({ change }) => change);
  const retrained =
    rule.kind === "drift" ? callForTraining(rule, changes, { webhooks, readDrift }) : new Map();
  return Promise.all(
    announcements.map(async (announcement) => {
      const { change, receivers, missing } = announcement;
      const took = {
        webhook: await told.get(change),
        retrain: receivers.includes("retrain") && (await retrained.get(versionOf(change))),
      };
      return { announcement, missing: missing.filter((receiver) => !took[receiver]) };
    }),
  );
}

/** Calls for each version once, however many of its features have begun to drift: as it was last. */
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
  for (const change of changes.toSorted((a, b) => b.at - a.at)) {
    const key = versionOf(change);
    if (calls.has(key)) continue;
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
