import { createHmac } from "node:crypto";
import type { Webhook } from "./alert-rule.ts";

const TIMEOUT_MS = 10_000;

/** How long to wait before each further attempt, up to half as much again by chance. */
const BACKOFF_MS = [1000, 5000, 25_000];

/** The longest that a receiver may ask to be left alone. */
const MAX_RETRY_AFTER_MS = 60_000;

/** What sending takes from outside. */
export interface WebhookEdge {
  readonly fetch: typeof fetch;
  readonly now: () => number;
  /** Resolves after so long, or when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Posts JSON, up to four times: what the network or the receiver fails at for now is tried again, what it
 * refuses is not. Redirects are not followed: an address in the rules says where alerts go, and nothing
 * else does. Whoever shares the secret can tell by `x-selvedge-signature` that it came from here and
 * when: `sha256=` and the HMAC-SHA-256 of `TIMESTAMP.BODY`, in hex.
 *
 * @returns whether the receiver took it
 */
export async function sendWebhook(
  { url, secret }: Webhook,
  value: unknown,
  { fetch: ask, now, wait, signal }: WebhookEdge & { readonly signal: AbortSignal },
): Promise<boolean> {
  const body = JSON.stringify(value);
  for (let attempt = 0; !signal.aborted; attempt++) {
    const timestamp = String(Math.floor(now() / 1000));
    const answer = await ask(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": "selvedge-collector",
        "x-selvedge-timestamp": timestamp,
        ...(secret === undefined ? {} : { "x-selvedge-signature": sign(secret, timestamp, body) }),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).catch(() => undefined);
    // What it says besides is of no interest, and is not waited for.
    await answer?.body?.cancel().catch(() => undefined);
    if (answer?.ok) return true;
    const backoffMs = BACKOFF_MS[attempt];
    if (backoffMs === undefined || !isWorthRepeating(answer?.status)) return false;
    await wait(Math.max(backoffMs * (1 + Math.random() / 2), retryAfterMs(answer)), signal);
  }
  return false;
}

function sign(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}

function isWorthRepeating(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

function retryAfterMs(answer: Response | undefined): number {
  const seconds = Number(answer?.headers.get("retry-after") ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_RETRY_AFTER_MS) : 0;
}
