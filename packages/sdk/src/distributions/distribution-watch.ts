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
  #isEnded = false;
  /** By pack digest. */
  readonly #samples = new Map<string, HourlySample>();
  /** Calls that are being looked at. */
  readonly #looking = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DistributionWatchOptions) {
    this.#options = options;
    this.#counts = new DistributionCounts({ epsilon: options.policy.epsilon });
  }

  /** Takes note of a call of a pack that has a reference. */
  answered({ at, served, inputs, outputs }: AnsweredCall): void {
    if (this.#isEnded || !this.#sampleOf(served.opened.digest).takes(at)) return;
    const looked = this.#counts
      .count({ at, served, inputs, outputs }, whenIdle)
      .catch(() => undefined);
    this.#looking.add(looked);
    void looked.then(() => this.#looking.delete(looked));
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), GATHER_MS);
  }

  /** Takes what was counted, to be handed over by whoever asks. */
  take(): OtlpBatch[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#counts.take(this.#options.service);
  }

  /** Hands over what was counted. */
  async flush(): Promise<void> {
    await Promise.all(this.#looking);
    await Promise.all(this.take().map((batch) => this.#options.send(batch)));
  }

  /** Forgets what was counted and not handed over yet, and what is being looked at. */
  forget(): void {
    this.#counts.forget();
  }

  /** Hands over what was counted, and gives the store back. */
  async end(): Promise<void> {
    this.#isEnded = true;
    try {
      await this.flush();
    } finally {
      await this.#counts.close();
    }
  }

  #sampleOf(digest: string): HourlySample {
    const sample = this.#samples.get(digest) ?? new HourlySample();
    this.#samples.set(digest, sample);
    return sample;
  }
}
