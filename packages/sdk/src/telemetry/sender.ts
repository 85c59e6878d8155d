import type { OtlpMetricsRequest } from "@selvedge/protocol";
import type { KeeperSettings } from "../worker/keeper-api.ts";
import type { Outbox } from "./outbox.ts";

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;

/** Statuses after which OTLP has a sender try again; any other refusal is for good. */
const RETRYABLE = new Set([429, 502, 503, 504]);

/**
 * Empties the outbox towards a collector: oldest first, one at a time, each batch removed only after
 * it was acknowledged. A batch has an id, so one that is sent twice counts once.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
export class Sender {
  readonly #outbox: Outbox;
  readonly #telemetry: NonNullable<KeeperSettings["telemetry"]>;
  #sending: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(outbox: Outbox, telemetry: NonNullable<KeeperSettings["telemetry"]>) {
    this.#outbox = outbox;
    this.#telemetry = telemetry;
    addEventListener("online", () => this.wake());
  }

  /** Starts sending, unless it is under way. */
  wake(): void {
    void this.flush();
  }

  /** Resolves when the outbox is empty, or sending has to wait. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #drain(): Promise<void> {
    try {
      for (let next = await this.#outbox.oldest(); next; next = await this.#outbox.oldest()) {
        const waitMs = await this.#send(next.batch);
        if (waitMs !== undefined) return this.#retryAfter(waitMs);
        await this.#outbox.remove(next.key);
        this.#retryMs = FIRST_RETRY_MS;
      }
    } catch {
      // The network or the store is away. What waits in the outbox stays there.
      this.#retryAfter(this.#retryMs);
    }
  }

  /** @returns how long to wait before it is tried again; `undefined` where the batch is done with. */
  async #send(batch: OtlpMetricsRequest): Promise<number | undefined> {
    const { endpoint, headers, onSend } = this.#telemetry;
    const response = await fetch(`${endpoint}/metrics`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "content-encoding": "gzip" },
      body: await gzip(JSON.stringify(batch)),
    });
    await response.body?.cancel();
    if (response.ok) onSend?.(batch);
    if (!RETRYABLE.has(response.status)) return undefined;
    const seconds = Number(response.headers.get("retry-after"));
    return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : this.#retryMs;
  }

  #retryAfter(waitMs: number): void {
    const jitter = 0.5 + Math.random();
    this.#timer = setTimeout(() => this.wake(), Math.max(waitMs, this.#retryMs * jitter));
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }
}

async function gzip(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
