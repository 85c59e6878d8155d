import type { OtlpBatch } from "@selvedge/protocol";
import { snapshot } from "../serving/check-inputs.ts";
import type { AnswerSummary, StoredPrediction } from "../store/database.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import type { Recorder } from "../telemetry/recorder.ts";
import type { PredictionPolicy } from "./prediction-policy.ts";
import type { CallToWrite, Records } from "./records.ts";
import { summarizeAnswer } from "./summarize-answer.ts";
import type { Truth } from "./truth.ts";

/** How long answers and records gather before they are stored and sent. */
const GATHER_MS = 5_000;

/** What copies of tensors may take that wait to be written down: beyond it, samples are left out. */
const MOST_WAITING_BYTES = 64 * 2 ** 20;

/** What is kept of a prediction on this device. */
export type KeptPrediction = Omit<StoredPrediction, "answer">;

/** What the log needs of the page. */
export interface PredictionLogOptions {
  readonly policy: Required<PredictionPolicy>;
  readonly recorder: Recorder;
  readonly service: string;
  /** Whether the user lets calls be measured. What the app captures is kept all the same, and not told. */
  readonly mayMeasure: () => boolean;
  /** Takes a batch to the outbox; absent where nothing is ever sent. */
  readonly send?: (batch: OtlpBatch) => Promise<void>;
}

/**
 * Chooses which answered calls are written down, and copies what is needed for that before the app has
 * the answer. Everything else is done later by `Records`, which is loaded when it is first needed.
 */
export class PredictionLog {
  readonly #options: PredictionLogOptions;
  readonly #leaving = new AbortController();
  #records: Promise<Records> | undefined;
  /** By id, those that are being written. */
  readonly #writing = new Map<string, Promise<void>>();
  #waitingBytes = 0;
  #answers: AnswerSummary[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PredictionLogOptions) {
    this.#options = options;
    const { sample, answers } = options.policy;
    if (sample === 0 && answers === 0) return;
    const { signal } = this.#leaving;
    addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && void this.flush().catch(() => undefined),
      { signal },
    );
  }

  /** Looks at a call that was answered, before the app has the answer. Never throws. */
  answered(call: AnsweredCall): void {
    const { policy, mayMeasure } = this.#options;
    const { sample, answers } = policy;
    const isMeasured = mayMeasure();
    const isSampled =
      isMeasured && Math.random() < sample && this.#waitingBytes < MOST_WAITING_BYTES;
    const answer = isMeasured && answers > 0 ? summarizeAnswer(call) : undefined;
    if (answer !== undefined) this.#remember(answer, answers);
    if (isSampled || call.options.capture === true)
      this.#write({ ...call, outputs: snapshot(call.outputs), answer, isTold: isMeasured });
  }

  /** What is kept of a prediction; `undefined` where it was not written down, or is gone. */
  async find(id: string): Promise<KeptPrediction | undefined> {
    await this.#writing.get(id);
    const found = await (await this.#load()).find(id);
    if (found === undefined) return undefined;
    const { answer: _, ...kept } = found;
    return kept;
  }

  /** @throws SelvedgeError as `Selvedge.exportPrediction` says */
  async export(id: string): Promise<Blob> {
    await this.#writing.get(id);
    return (await this.#load()).export(id);
  }

  /** @throws SelvedgeError as `Model.feedback` says */
  async feedback(model: string, id: string, truth: Truth): Promise<boolean> {
    const records = await this.#load();
    await this.#keepAnswers(records);
    // Without answers to keep there is nothing to count either; what is no truth is still said.
    if (this.#options.policy.answers === 0) return records.refuse(truth);
    return records.feedback(model, id, truth);
  }

  /** Stores and hands over what has gathered. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#records === undefined && this.#answers.length === 0) return;
    const records = await this.#load();
    await Promise.all(this.#writing.values());
    await this.#keepAnswers(records);
    await records.tell();
  }

  /** Writes what there is, as far as it comes in so many milliseconds, and gives the store back. */
  async end(withinMs: number): Promise<void> {
    this.#leaving.abort();
    const late = new Promise((resolve) => setTimeout(resolve, withinMs));
    await Promise.race([this.flush(), late]);
    await Promise.race([this.#records?.then((records) => records.close()), late]);
  }

  /** Forgets what has not been stored or handed over. */
  async forget(): Promise<void> {
    this.#answers = [];
    await Promise.all(this.#writing.values());
    (await this.#records)?.forget();
  }

  #remember(answer: AnswerSummary, most: number): void {
    this.#answers.push(answer);
    // Not with every answer: moving all of them takes longer than an answer may.
    if (this.#answers.length > 2 * most) this.#answers = this.#answers.slice(-most);
    this.#gather();
  }

  #write(call: CallToWrite): void {
    const bytes = waitingBytes(call);
    this.#waitingBytes += bytes;
    const written = this.#load()
      .then((records) => records.write(call))
      .catch(() => undefined)
      .finally(() => {
        this.#waitingBytes -= bytes;
        this.#writing.delete(call.id);
      });
    this.#writing.set(call.id, written);
    this.#gather();
  }

  async #keepAnswers(records: Records): Promise<void> {
    const answers = this.#answers.slice(-this.#options.policy.answers);
    this.#answers = [];
    await records.remember(answers);
  }

  #gather(): void {
    if (this.#leaving.signal.aborted) return;
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), GATHER_MS);
  }

  /** Asked for again where it did not come: a page may be offline. */
  #load(): Promise<Records> {
    this.#records ??= import("./records.ts").then(({ Records }) => new Records(this.#options));
    this.#records.catch(() => {
      this.#records = undefined;
    });
    return this.#records;
  }
}

function waitingBytes({ inputs = {}, outputs }: AnsweredCall): number {
  const tensors = [...Object.values(inputs), ...Object.values(outputs)];
  return tensors.reduce((sum, { data }) => sum + ("buffer" in data ? data.byteLength : 0), 0);
}
