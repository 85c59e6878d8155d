import type { OtlpBatch } from "@selvedge/protocol";
import type { KeeperSettings } from "../worker/keeper-api.ts";
import type { Outbox } from "./outbox.ts";

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 5 * 60_000;

/** A collector may ask for more; timers of more than 24 days would fire at once. */
const LONGEST_WAIT_MS = 24 * 60 * 60_000;

/** A collector that does not answer must not hold up the rest for good. */
const SEND_TIMEOUT_MS = 30_000;

/**
 * Whether a batch is done with after this answer: taken, or one that no collector will ever take.
 * OTLP has senders give up on every other 4xx and on 500 too; but a token is renewed and an address
 * mended, a device cannot measure again, and a repeat is harmless.
 */
function isFinal({ ok, status }: Response): boolean {
  return ok || status === 400 || status === 413 || status === 415;
}

/** Where batches go. */
export interface SendTarget extends NonNullable<KeeperSettings["telemetry"]> {
  /** Told of each batch that was acknowledged. */
  readonly onSend?: ((batch: OtlpBatch) => void) | undefined;
}

/**
 * Empties the outbox towards a collector: oldest first, one at a time, each batch removed only after
 * it was acknowledged. A batch has an id, so one that is sent twice counts once.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
export class Sender {
  readonly #outbox: Outbox;
  readonly #target: SendTarget;
  #sending: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #collectorAsksToWait = false;

  constructor(outbox: Outbox, target: SendTarget) {
    this.#outbox = outbox;
    this.#target = target;
    addEventListener("online", () => void this.flush());
  }

  /** Starts sending, unless it is under way or waits for its next try. */
  wake(): void {
    if (this.#timer === undefined) void this.flush();
  }

  /**
   * Sends now, also while it waits for the network; not while the collector has asked it to wait.
   * Resolves when the outbox is empty, or sending has to wait.
   */
  flush(): Promise<void> {
    if (this.#collectorAsksToWait) return Promise.resolve();
    this.#stopWaiting();
    this.#sending ??= this.#drain().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #drain(): Promise<void> {
    try {
      for (let next = await this.#outbox.oldest(); next; next = await this.#outbox.oldest()) {
        const response = await this.#send(next.batch);
        if (!isFinal(response)) {
          this.#collectorAsksToWait = true;
          return this.#wait(retryAfterMs(response));
        }
        await this.#outbox.remove(next.key);
        this.#retryMs = FIRST_RETRY_MS;
        if (response.ok) this.#target.onSend?.(next.batch);
      }
    } catch {
      // The network or the store is away. What waits in the outbox stays there.
      this.#wait();
    }
  }

  async #send(batch: OtlpBatch): Promise<Response> {
    const { endpoint, headers } = this.#target;
    const response = await fetch(`${endpoint}/${batch.signal}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", "content-encoding": "gzip" },
      body: await gzip(JSON.stringify(batch.body)),
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    // Read, though no one needs it: a body that is cancelled looks like a failure in devtools.
    await response.arrayBuffer();
    return response;
  }

  #wait(atLeastMs = 0): void {
    clearTimeout(this.#timer);
    const jitter = 0.5 + Math.random();
    const waitMs = Math.max(Math.min(atLeastMs, LONGEST_WAIT_MS), this.#retryMs * jitter);
    this.#timer = setTimeout(() => {
      this.#stopWaiting();
      void this.flush();
    }, waitMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#collectorAsksToWait = false;
  }
}

/** Seconds or a date, as HTTP has it; 0 where the header is not there or says neither. */
function retryAfterMs({ headers }: Response): number {
  const value = headers.get("retry-after") ?? "";
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

async function gzip(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
