import type { OtlpBatch } from "@selvedge/protocol";
import { whenIdle } from "../proving/when-idle.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { DistributionCounts, SampledCall } from "./distribution-counts.ts";
import type { DistributionPolicy } from "./distribution-policy.ts";
import { HourlySample } from "./hourly-sample.ts";

/** How long counts gather before they are handed over. */
const GATHER_MS = 30_000;

/** Outputs up to this size are copied where what looks at them is still on its way. */
const MOST_COPIED_BYTES = 2 ** 20;

/** What the watch needs of the page. */
export interface DistributionWatchOptions {
  /** Absent: nothing is looked at. */
  readonly policy: DistributionPolicy | undefined;
  readonly service: string;
  /** Takes a batch to the outbox. */
  readonly send: (batch: OtlpBatch) => Promise<void>;
}

/**
 * Chooses the answered calls whose values are counted, of packs that have a reference. What looks at
 * them is a chunk of its own, loaded with the first of them.
 */
export class DistributionWatch {
  readonly #options: DistributionWatchOptions;
  readonly #leaving = new AbortController();
  /** By pack digest. */
  readonly #samples = new Map<string, HourlySample>();
  #counts: DistributionCounts | undefined;
  #loading: Promise<DistributionCounts> | undefined;
  /** Counts how often everything was forgotten. */
  #era = 0;
  /** Calls that are being looked at. */
  readonly #looking = new Set<Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DistributionWatchOptions) {
    this.#options = options;
    if (options.policy === undefined) return;
    const { signal } = this.#leaving;
    addEventListener("visibilitychange", () => this.#hide(), { signal });
  }

  /** A watcher of answered calls. */
  readonly answered = (call: AnsweredCall): void => {
    const { reference, digest } = call.served.opened;
    if (reference === undefined || this.#options.policy === undefined) return;
    if (this.#leaving.signal.aborted || !this.#sampleOf(digest).takes(call.at)) return;
    const looked = this.#look(call).catch(() => undefined);
    this.#looking.add(looked);
    void looked.then(() => this.#looking.delete(looked));
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), GATHER_MS);
  };

  /** Hands over what was counted. */
  async flush(): Promise<void> {
    await Promise.all(this.#looking);
    await this.#hand();
  }

  /** Forgets what was counted and not handed over yet, and what is being looked at. */
  forget(): void {
    this.#era++;
    this.#counts?.forget();
  }

  /** Hands over what was counted, and gives the store back. */
  async end(): Promise<void> {
    this.#leaving.abort();
    await this.flush();
    await this.#counts?.close();
  }

  #look({ at, served, inputs, outputs }: AnsweredCall): Promise<void> {
    const call: SampledCall = { at, served, inputs, outputs };
    if (this.#counts !== undefined) return this.#counts.count(call, whenIdle);
    const isSmall = bytesOf(call) <= MOST_COPIED_BYTES;
    const copied = isSmall ? { ...call, outputs: structuredClone(outputs) } : undefined;
    const era = this.#era;
    return this.#load().then(async (counts) => {
      if (copied !== undefined && era === this.#era) await counts.count(copied, whenIdle);
    });
  }

  #hide(): void {
    if (document.visibilityState === "hidden") void this.#hand().catch(() => undefined);
  }

  async #hand(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { service, send } = this.#options;
    await Promise.all((this.#counts?.take(service) ?? []).map((batch) => send(batch)));
  }

  #sampleOf(digest: string): HourlySample {
    const sample = this.#samples.get(digest) ?? new HourlySample();
    this.#samples.set(digest, sample);
    return sample;
  }

  /** Asked for again where it did not come: a page may be offline. */
  #load(): Promise<DistributionCounts> {
    this.#loading ??= import("./distribution-counts.ts").then(({ DistributionCounts: Counts }) => {
      this.#counts = new Counts({ epsilon: this.#options.policy?.epsilon });
      return this.#counts;
    });
    this.#loading.catch(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }
}

function bytesOf({ outputs }: SampledCall): number {
  return Object.values(outputs).reduce(
    (sum, { data }) => sum + ("buffer" in data ? data.byteLength : 0),
    0,
  );
}
