import type { OtlpBatch } from "@selvedge/protocol";
import { snapshot } from "../serving/check-inputs.ts";
import type { AnswerSummary, StoredPrediction } from "../store/database.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import { type CallToWrite, Records, type RecordsOptions } from "./records.ts";
import { summarizeAnswer } from "./summarize-answer.ts";
import type { Truth } from "./truth.ts";

/** How long answers and records gather before they are stored and sent. */
const GATHER_MS = 5_000;

/** What copies of tensors may take that wait to be written down: beyond it, samples are left out. */
const MOST_WAITING_BYTES = 64 * 2 ** 20;

/** What is kept of a prediction on this device. */
export type KeptPrediction = Omit<StoredPrediction, "answer">;

/**
 * Chooses which answered calls are written down, and copies what is needed for that before the app has
 * the answer. Everything else is done later, by `Records`.
 */
export class PredictionLog {
  readonly #options: RecordsOptions;
  readonly #leaving = new AbortController();
  readonly #records: Records;
  /** By id, those that are being written. */
  readonly #writing = new Map<string, Promise<void>>();
  #waitingBytes = 0;
  #answers: AnswerSummary[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAway = false;

  constructor(options: RecordsOptions) {
    this.#options = options;
    this.#records = new Records(options);
    const { sample, answers } = options.policy;
    if (sample === 0 && answers === 0) return;
    if (answers > 0) this.#records.open();
    const { signal } = this.#leaving;
    addEventListener("pagehide", () => this.#goAway(), { signal });
    addEventListener("pageshow", () => this.#comeBack(), { signal });
    addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && this.#hide(),
      { signal },
    );
  }

  /** A watcher of answered calls, of those that may be measured: samples and remembers. */
  answered(call: AnsweredCall): void {
    const { sample, answers } = this.#options.policy;
    const answer = this.#summaryOf(call);
    if (answer !== undefined) this.#remember(answer, answers);
    const hasRoom = this.#waitingBytes < MOST_WAITING_BYTES;
    if (call.options.capture !== true && hasRoom && Math.random() < sample)
      this.#write({ call, answer, isTold: true });
  }

  /**
   * Writes down a call that the app captures, whatever is measured.
   *
   * @param isCounted whether it may be told, and its truth counted: telemetry ran when it was answered
   */
  captured(call: AnsweredCall, isCounted: boolean): void {
    const answer = isCounted ? this.#summaryOf(call) : undefined;
    this.#write({ call, answer, isTold: isCounted });
  }

  /** What is kept of a prediction; `undefined` where it was not written down, or is gone. */
  async find(id: string): Promise<KeptPrediction | undefined> {
    await this.#writing.get(id);
    const found = await this.#records.find(id);
    if (found === undefined) return undefined;
    const { answer: _, ...kept } = found;
    return kept;
  }

  /** @throws SelvedgeError as `Selvedge.exportPrediction` says */
  async export(id: string): Promise<Blob> {
    await this.#writing.get(id);
    return this.#records.export(id);
  }

  /** @throws SelvedgeError as `Model.feedback` says */
  async feedback(model: string, id: string, truth: Truth): Promise<boolean> {
    await this.#keepAnswers();
    const { policy, isCounted } = this.#options;
    // What is no truth is said all the same.
    if (policy.answers === 0 || !isCounted()) return this.#records.refuse(truth);
    return this.#records.feedback(model, id, truth);
  }

  /** Stores and hands over what has gathered. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all(this.#writing.values());
    await this.#keepAnswers();
    await this.#records.tell();
  }

  /** Takes what is to be told of records that were written. */
  take(): OtlpBatch[] {
    return this.#records.take();
  }

  /** Writes what there is, and gives the store back. */
  async end(): Promise<void> {
    this.#leaving.abort();
    await this.flush();
    await this.#records.close();
  }

  /** Forgets at once what was measured and not stored; of what is captured only that it is to be told. */
  withdraw(): void {
    this.#answers = [];
    this.#records.withdraw();
  }

  /** Forgets what has not been stored or handed over. */
  async forget(): Promise<void> {
    this.#answers = [];
    await Promise.all(this.#writing.values());
    this.#records.forget();
  }

  #remember(answer: AnswerSummary, most: number): void {
    this.#answers.push(answer);
    // Not with every answer: moving all of them takes longer than an answer may.
    if (this.#answers.length > 2 * most) this.#answers = this.#answers.slice(-most);
    this.#gather();
  }

  #summaryOf(call: AnsweredCall): AnswerSummary | undefined {
    return this.#options.policy.answers > 0 ? summarizeAnswer(call) : undefined;
  }

  #write({ call: answered, ...how }: Written): void {
    const call: CallToWrite = { ...answered, outputs: snapshot(answered.outputs), ...how };
    const bytes = waitingBytes(call);
    this.#waitingBytes += bytes;
    const written = this.#records
      .write(call)
      .catch(() => undefined)
      .finally(() => {
        this.#waitingBytes -= bytes;
        this.#writing.delete(call.id);
      });
    this.#writing.set(call.id, written);
    this.#gather();
  }

  async #keepAnswers(): Promise<void> {
    await this.#records.remember(this.#takeAnswers());
  }

  /** The page may never be seen again. One that has gone away asks the store nothing, as `Reporter` says. */
  #hide(): void {
    if (this.#isAway) return;
    void this.#leave()
      .then(() => this.flush())
      .catch(() => undefined);
  }

  #goAway(): void {
    this.#isAway = true;
    void this.#leave().catch(() => undefined);
  }

  #comeBack(): void {
    this.#isAway = false;
  }

  /** Answers are given to the store before anything is waited for. */
  #leave(): Promise<void> {
    return this.#records.leave(this.#takeAnswers());
  }

  #takeAnswers(): readonly AnswerSummary[] {
    const answers = this.#answers.slice(-this.#options.policy.answers);
    this.#answers = [];
    return answers;
  }

  #gather(): void {
    if (this.#leaving.signal.aborted) return;
    this.#timer ??= setTimeout(() => void this.flush().catch(() => undefined), GATHER_MS);
  }
}

/** A call to be written down, and how. */
interface Written extends Pick<CallToWrite, "answer" | "isTold"> {
  readonly call: AnsweredCall;
}

function waitingBytes({ inputs = {}, outputs }: AnsweredCall): number {
  const tensors = [...Object.values(inputs), ...Object.values(outputs)];
  return tensors.reduce((sum, { data }) => sum + ("buffer" in data ? data.byteLength : 0), 0);
}
