import type { OtlpBatch } from "@selvedge/protocol";
import type { DistributionPolicy } from "../distributions/distribution-policy.ts";
import { type Distributions, watchDistributions } from "../distributions/watch-distributions.ts";
import type { PredictionPolicy } from "../predictions/prediction-policy.ts";
import { Predictions } from "../predictions/predictions.ts";
import { HeldCalls } from "./held-calls.ts";
import type { Reporter } from "./reporter.ts";

/** What looking at calls needs of the page. */
export interface CallWatchOptions {
  readonly reporter: Reporter;
  readonly service: string;
  /** Whether there is anywhere to send what comes of it. */
  readonly isSent: boolean;
  /** Absent: distributions are not told. */
  readonly distributions: DistributionPolicy | undefined;
  readonly predictions: Required<PredictionPolicy>;
}

/** What looks at the calls that models answer. Loaded with the first model: before it there are none. */
export class CallWatch {
  readonly predictions: Predictions;
  readonly #distributions: Distributions;
  readonly #calls: HeldCalls;
  #isEnded = false;

  constructor({ reporter, service, isSent, distributions, predictions }: CallWatchOptions) {
    const { recorder } = reporter;
    const send = (batch: OtlpBatch) => reporter.send(batch);
    this.#distributions = watchDistributions({ policy: distributions, service, send });
    this.predictions = new Predictions({
      policy: predictions,
      service,
      recorder,
      isCounted: () => reporter.state === "enabled" || reporter.state === "unknown",
      ...(isSent ? { send } : {}),
    });
    this.#calls = new HeldCalls(reporter, [this.#distributions, this.predictions.watcher]);
    reporter.watch((call) => this.#calls.answered(call));
    reporter.onForget = () => this.forget();
    reporter.onLeave = () => [...this.#distributions.take(), ...this.predictions.take()];
  }

  /** Loads what will be needed, now that nobody waits for anything else. */
  prepare(): void {
    if (!this.#isEnded) this.predictions.prepare();
  }

  /** Hands over what has gathered. */
  async flush(): Promise<void> {
    await this.#calls.flush();
    await this.#distributions.flush();
    await this.predictions.flush();
  }

  /** Forgets what was measured and not stored yet; not what the app captured. */
  forget(): void {
    this.#calls.forget();
    this.#distributions.forget();
    this.predictions.withdraw();
  }

  /** Forgets all that has not been stored or handed over. */
  async erase(): Promise<void> {
    this.forget();
    await this.predictions.forget();
  }

  /** Hands over what has gathered, as far as that takes no longer, and gives the store back. */
  async end(withinMs: number): Promise<void> {
    this.#isEnded = true;
    const late = new Promise((resolve) => setTimeout(resolve, withinMs));
    const ends = [this.#distributions.end(), this.predictions.end(withinMs)];
    await Promise.race([Promise.allSettled(ends), late]);
  }
}
