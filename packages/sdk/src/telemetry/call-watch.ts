import type { OtlpBatch } from "@selvedge/protocol";
import type { DistributionPolicy } from "../distributions/distribution-policy.ts";
import { type Distributions, watchDistributions } from "../distributions/watch-distributions.ts";
import type { PredictionPolicy } from "../predictions/prediction-policy.ts";
import { Predictions } from "../predictions/predictions.ts";
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
    // A page that looks at no call has no need to know what its user has said.
    if (isSent || predictions.sample > 0 || predictions.answers > 0) {
      reporter.watch(this.#distributions.answered);
      reporter.watch((call) => this.predictions.answered(call));
    }
    reporter.onForget(() => this.forget());
    this.predictions.prepare();
  }

  /** Hands over what has gathered. */
  async flush(): Promise<void> {
    await this.#distributions.flush();
    await this.predictions.flush();
  }

  /** Forgets what was measured and not stored yet; not what the app captured. */
  forget(): void {
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
    await this.#distributions.end().catch(() => undefined);
    await this.predictions.end(withinMs).catch(() => undefined);
  }
}
