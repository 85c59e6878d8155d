import type { Webhook } from "./alert-rule.ts";
import { sendWebhook, type WebhookEdge } from "./send-webhook.ts";

/** What may wait for one rule; a receiver that is down for long is not told of all that was. */
const MAX_WAITING = 100;

/** Sends what rules have to tell, of each rule one thing at a time and in its order. */
export interface WebhookQueue {
  /** Resolves to whether the receiver took it; it never rejects. */
  send(rule: string, webhook: Webhook, value: unknown): Promise<boolean>;
  /** Gives up what has not been taken yet. */
  close(): void;
}

/** A queue with nothing in it. */
export function createWebhookQueue(edge: WebhookEdge): WebhookQueue {
  const lines = new Map<string, { last: Promise<unknown>; waiting: number }>();
  const closing = new AbortController();
  return {
    send: (rule, webhook, value) => {
      const line = lines.get(rule) ?? { last: Promise.resolve(), waiting: 0 };
      lines.set(rule, line);
      if (line.waiting >= MAX_WAITING) return Promise.resolve(false);
      line.waiting += 1;
      const sent = line.last.then(() =>
        sendWebhook(webhook, value, { ...edge, signal: closing.signal }),
      );
      line.last = sent.finally(() => {
        line.waiting -= 1;
      });
      return sent;
    },
    close: () => closing.abort(),
  };
}
