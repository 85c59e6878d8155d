import type { OtlpBatch } from "@selvedge/protocol";
import { whenIdle } from "../proving/when-idle.ts";
import type { AnsweredCall, CallWatcher } from "../telemetry/answered-call.ts";
import { outputBytes } from "../telemetry/output-bytes.ts";
import type { KeptPrediction, PredictionLog } from "./prediction-log.ts";
import type { RecordsOptions } from "./records.ts";
import type { Truth } from "./truth.ts";

/** Calls that are answered while the log is on its way; a page that cannot load it keeps no more. */
const MOST_EARLY = 64;

/** What the tensors of those calls may take that the app captures: they are held whatever their number. */
const MOST_CAPTURED_BYTES = 32 * 2 ** 20;

/**
 * What a page has of its predictions' records before there are any. What writes them is a chunk of its
 * own, which is loaded beside the first model where calls are written down or remembered, and otherwise
 * with the first that is captured or asked about.
 */
export class Predictions {
  readonly #options: RecordsOptions;
  #log: PredictionLog | undefined;
  #loading: Promise<PredictionLog> | undefined;
  /** What is to be told to the log once it is there; outputs are copies. */
  #early: ((log: PredictionLog) => void)[] = [];
  /** Counts how often what was measured had to be forgotten. */
  #era = 0;
  #answeredEarly = 0;
  #capturedBytes = 0;
  #soon: Promise<void> | undefined;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** Loads the log where it will be needed. Never waited for, and asked for again where it did not come. */
  prepare(): void {
    if (this.#isBusy) void this.#load().catch(() => undefined);
  }

  /** Looks at answered calls, those that may be measured. */
  get watcher(): CallWatcher {
    return { wants: () => this.#isBusy, answered: (call) => this.answered(call) };
  }

  /** A watcher of answered calls, of those that may be measured. */
  answered(call: AnsweredCall): void {
    if (this.#log !== undefined) this.#log.answered(call);
    else if (this.#isBusy && this.#answeredEarly < MOST_EARLY) {
      this.#answeredEarly++;
      const era = this.#era;
      this.#later(call, (log, own) => era === this.#era && log.answered(own));
    }
  }

  /** Writes down a call that the app captures, whatever is measured. Never throws: the call was answered. */
  captured(call: AnsweredCall): void {
    try {
      const isCounted = this.#options.isCounted();
      if (this.#log !== undefined) this.#log.captured(call, isCounted);
      else this.#capturedEarly(call, isCounted);
    } catch {
      // Whoever asks for it is told that it was not written down.
    }
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
    await (await this.#begun())?.flush();
  }

  /** Takes what is to be told of records that were written, for a page that goes away. */
  take(): OtlpBatch[] {
    return this.#log?.take() ?? [];
  }

  /** Forgets at once what was measured and not stored; of what is captured only that it is to be told. */
  withdraw(): void {
    this.#era++;
    this.#log?.withdraw();
  }

  /** Forgets what has not been stored or handed over. */
  async forget(): Promise<void> {
    this.#forgetEarly();
    await (await this.#loading)?.forget();
  }

  /** Writes what there is, as far as it comes in so many milliseconds, and gives the store back. */
  async end(withinMs: number): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, withinMs));
    await Promise.race([this.#begun().then((log) => log?.end()), late]);
  }

  #later(call: AnsweredCall, tell: (log: PredictionLog, own: AnsweredCall) => unknown): void {
    // The outputs are the app's by then.
    const own = { ...call, outputs: structuredClone(call.outputs) };
    this.#early.push((log) => void tell(log, own));
    this.#soon ??= this.#loadWhenIdle();
  }

  #capturedEarly(call: AnsweredCall, isCounted: boolean): void {
    const bytes = outputBytes(call.outputs) + outputBytes(call.inputs ?? {});
    if (this.#capturedBytes + bytes > MOST_CAPTURED_BYTES) return;
    this.#capturedBytes += bytes;
    const era = this.#era;
    this.#later(call, (log, own) => log.captured(own, isCounted && era === this.#era));
  }

  #forgetEarly(): void {
    this.#early = [];
    this.#answeredEarly = 0;
    this.#capturedBytes = 0;
  }

  async #loadWhenIdle(): Promise<void> {
    await whenIdle();
    await this.#load().catch(() => undefined);
    this.#soon = undefined;
  }

  /** The log, where there is one or something to tell it. */
  async #begun(): Promise<PredictionLog | undefined> {
    return this.#early.length > 0 ? this.#load().catch(() => undefined) : this.#loading;
  }

  get #isBusy(): boolean {
    const { sample, answers } = this.#options.policy;
    return sample > 0 || answers > 0;
  }

  #load(): Promise<PredictionLog> {
    this.#loading ??= import("./prediction-log.ts").then(({ PredictionLog: Log }) => {
      const log = new Log(this.#options);
      this.#log = log;
      const early = this.#early;
      this.#forgetEarly();
      for (const tell of early) tell(log);
      return log;
    });
    this.#loading.catch(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }
}
