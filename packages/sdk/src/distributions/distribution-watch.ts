import type { OtlpBatch } from "@selvedge/protocol";
import { whenIdle } from "../proving/when-idle.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import { DistributionCounts } from "./distribution-counts.ts";
import type { DistributionPolicy } from "./distribution-policy.ts";
import { HourlySample } from "./hourly-sample.ts";

/** How long counts gather before they are handed over. */
const GATHER_MS = 30_000;

/** What the watch needs of the page. */
export interface DistributionWatchOptions {
  readonly policy: DistributionPolicy;
  readonly service: string;
  /** Takes a batch to the outbox. */
  readonly send: (batch: OtlpBatch) => Promise<void>;
}

/** Chooses the answered calls whose values are counted, and hands over what was counted. */
export class DistributionWatch {
  readonly #options: DistributionWatchOptions;
  readonly #counts: DistributionCounts;
  readonly #leaving = new AbortController();
  /** By pack digest. */
  readonly #samples = new Map<string, HourlySample>();
  /** Calls that are being looked at. */
  readonly #looking = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DistributionWatchOptions) {
    this.#options = options;
    this.#counts = new DistributionCounts({ epsilon: options.policy.epsilon });
    const { signal } = this.#leaving;
    addEventListener("visibilitychange", () => this.#hide(), { signal });
  }

  /** Takes note of a call of a pack that has a reference. */
  answered({ at, served, inputs, outputs }: AnsweredCall): void {
    if (this.#leaving.signal.aborted || !this.#sampleOf(served.opened.digest).takes(at)) return;
    const looked = this.#counts
      .count({ at, served, inputs, outputs }, whenIdle)
      .catch(() => undefined);
    this.#looking.add(looked);
    void looked.then(() => this.#looking.delete(looked));
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), GATHER_MS);
  }

  /** Hands over what was counted. */
  async flush(): Promise<void> {
    await Promise.all(this.#looking);
    await this.#hand();
  }

  /** Forgets what was counted and not handed over yet, and what is being looked at. */
  forget(): void {
    this.#counts.forget();
  }

  /** Hands over what was counted, and gives the store back. */
  async end(): Promise<void> {
    this.#leaving.abort();
    try {
      await this.flush();
    } finally {
      await this.#counts.close();
    }
  }

  #hide(): void {
    if (document.visibilityState === "hidden") void this.#hand().catch(() => undefined);
  }

  async #hand(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { service, send } = this.#options;
    await Promise.all(this.#counts.take(service).map((batch) => send(batch)));
  }

  #sampleOf(digest: string): HourlySample {
    const sample = this.#samples.get(digest) ?? new HourlySample();
    this.#samples.set(digest, sample);
    return sample;
  }
}
