import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { KeptPrediction, PredictionLog } from "./prediction-log.ts";
import type { RecordsOptions } from "./records.ts";
import type { Truth } from "./truth.ts";

/** Calls that are answered while the log is on its way; a page that cannot load it keeps no more. */
const MOST_EARLY = 64;

/**
 * What a page has of its predictions' records before there are any. What writes them is a chunk of its
 * own, which is loaded beside the first model where calls are written down or remembered, and otherwise
 * with the first that is captured or asked about.
 */
export class Predictions {
  readonly #options: RecordsOptions;
  #log: PredictionLog | undefined;
  #loading: Promise<PredictionLog> | undefined;
  /** Answered before the log was there; their outputs are copies. */
  #early: AnsweredCall[] = [];

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** Loads the log where it will be needed. Never waited for, and asked for again where it did not come. */
  prepare(): void {
    if (this.#isBusy) void this.#load().catch(() => undefined);
  }

  /** Looks at a call that was answered, before the app has the answer. Never throws. */
  answered(call: AnsweredCall): void {
    if (this.#log !== undefined) this.#log.answered(call);
    else if (this.#isBusy || call.options.capture === true) this.#keepEarly(call);
  }

  /** As `Selvedge.prediction` says. */
  async find(id: string): Promise<KeptPrediction | undefined> {
    return (await this.#load()).find(id);
  }

  /** As `Selvedge.exportPrediction` says. */
  async export(id: string): Promise<Blob> {
    return (await this.#load()).export(id);
  }

  /** As `Model.feedback` says. */
  async feedback(model: string, id: string, truth: Truth): Promise<boolean> {
    return (await this.#load()).feedback(model, id, truth);
  }

  /** Stores and hands over what has gathered. */
  async flush(): Promise<void> {
    await (await this.#loading)?.flush();
  }

  /** Forgets what has not been stored or handed over. */
  async forget(): Promise<void> {
    this.#early = [];
    await (await this.#loading)?.forget();
  }

  /** Writes what there is, as far as it comes in so many milliseconds, and gives the store back. */
  async end(withinMs: number): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, withinMs));
    await Promise.race([this.#loading?.then((log) => log.end()), late]);
  }

  #keepEarly(call: AnsweredCall): void {
    if (this.#early.length < MOST_EARLY)
      this.#early.push({ ...call, outputs: structuredClone(call.outputs) });
    void this.#load().catch(() => undefined);
  }

  get #isBusy(): boolean {
    const { sample, answers } = this.#options.policy;
    return sample > 0 || answers > 0;
  }

  #load(): Promise<PredictionLog> {
    this.#loading ??= import("./prediction-log.ts").then(({ PredictionLog: Log }) => {
      const log = new Log(this.#options);
      this.#log = log;
      for (const call of this.#early) log.answered(call);
      this.#early = [];
      return log;
    });
    this.#loading.catch(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }
}
