import {
  ATTRIBUTES,
  METRICS,
  type OtlpBatch,
  type OtlpLogRecord,
  SelvedgeError,
} from "@selvedge/protocol";
import type { GpuMemory } from "../proving/gpu.ts";
import { whenIdle } from "../proving/when-idle.ts";
import { type AnswerSummary, Database, type StoredPrediction } from "../store/database.ts";
import { isRefusal } from "../store/storage-error.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import { toLogs } from "../telemetry/otlp-batch.ts";
import type { Recorder } from "../telemetry/recorder.ts";
import { AnswerTable } from "./answer-table.ts";
import { captureFile } from "./capture-file.ts";
import { type Judgement, judge, requireTruth } from "./judge.ts";
import { logRecord } from "./log-record.ts";
import { makeRecord } from "./make-record.ts";
import type { PredictionPolicy } from "./prediction-policy.ts";
import { PredictionRing } from "./prediction-ring.ts";
import type { Truth } from "./truth.ts";

/** What records are written with. */
export interface RecordsOptions {
  readonly policy: Required<PredictionPolicy>;
  readonly recorder: Recorder;
  readonly service: string;
  /** Whether a count would reach a collector: there is one, and the user has not turned telemetry off. */
  readonly isCounted: () => boolean;
  /** Takes a batch to the outbox; absent where nothing is ever sent. */
  readonly send?: (batch: OtlpBatch) => Promise<void>;
}

/** A call of which a record is to be written; its outputs are a copy. */
export interface CallToWrite extends AnsweredCall {
  readonly answer: AnswerSummary | undefined;
  /** Whether the record may be handed to the outbox. */
  readonly isTold: boolean;
}

/** How many records go in one batch. */
const MOST_IN_BATCH = 64;

/** Records of predictions: written, found, exported, told, and joined to their truths. */
export class Records {
  readonly #options: RecordsOptions;
  readonly #database = new Database();
  readonly #ring: PredictionRing;
  readonly #table: AnswerTable;
  readonly #gpu: GpuMemory = {};
  /** What is told of records that were written: not sent yet. */
  #untold: OtlpLogRecord[] = [];
  /** Counts how often what was measured had to be forgotten: what began before is not stored after. */
  #era = 0;
  /** Answers that IndexedDB does not take. */
  readonly #inMemory = new Map<string, AnswerSummary>();

  constructor(options: RecordsOptions) {
    this.#options = options;
    const { keep, answers } = options.policy;
    this.#ring = new PredictionRing(this.#database, keep);
    this.#table = new AnswerTable(this.#database, answers);
  }

  /** Writes one down, in idle time; not one that was withdrawn meanwhile, unless the app captures it. */
  async write({ answer, isTold, ...call }: CallToWrite): Promise<void> {
    const era = this.#era;
    await whenIdle();
    const record = await makeRecord(call, this.#gpu);
    const { inputs, outputs, options } = call;
    const isWithdrawn = era !== this.#era;
    if (isWithdrawn && options.capture !== true) return;
    const isCaptured = options.capture === true && inputs !== undefined;
    await this.#ring.add({
      ...record,
      ...(answer === undefined || isWithdrawn ? {} : { answer }),
      ...(isCaptured ? { captured: { inputs, outputs } } : {}),
    });
    if (this.#options.send === undefined || !isTold) return;
    const told = await logRecord(record);
    if (era === this.#era) this.#untold.push(told);
  }

  /** Hands what was written since to the outbox. */
  async tell(): Promise<void> {
    // All of them at once: what is left here while one is sent would be lost with the page.
    await Promise.all(this.take().map((batch) => this.#options.send?.(batch)));
  }

  /** Takes what is to be told of records that were written since. */
  take(): OtlpBatch[] {
    const untold = this.#untold;
    this.#untold = [];
    const count = Math.ceil(untold.length / MOST_IN_BATCH);
    return Array.from({ length: count }, (_, i) =>
      toLogs(this.#options.service, untold.slice(i * MOST_IN_BATCH, (i + 1) * MOST_IN_BATCH)),
    );
  }

  /** Remembers answers, for their truths. */
  async remember(answers: readonly AnswerSummary[]): Promise<void> {
    try {
      if (answers.length > 0) await this.#table.add(answers);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      for (const answer of answers) this.#inMemory.set(answer.id, answer);
      for (const id of this.#inMemory.keys())
        if (this.#inMemory.size > this.#options.policy.answers) this.#inMemory.delete(id);
    }
  }

  /** Takes in answers that pages left, and has open what this one leaves with: then it waits for nothing. */
  open(): void {
    void this.#table.look().catch(() => undefined);
  }

  /** Remembers answers of a page that may be going away. */
  async leave(answers: readonly AnswerSummary[]): Promise<void> {
    if (answers.length > 0) await this.#table.leave(answers).catch(() => this.remember(answers));
  }

  /** What is kept of a prediction. */
  find(id: string): Promise<StoredPrediction | undefined> {
    return this.#ring.get(id);
  }

  /** @throws SelvedgeError `prediction-unknown`, `prediction-not-captured` */
  async export(id: string): Promise<Blob> {
    const found = await this.#ring.get(id);
    if (found !== undefined) return captureFile(found);
    throw new SelvedgeError(
      "prediction-unknown",
      `There is no record of prediction ${id} on this device: it was not among those that are written down, or newer ones have taken its place. Call predict() with {capture: true}, and export it soon.`,
      { detail: { id } },
    );
  }

  /**
   * Counts a truth, once for each prediction.
   *
   * @returns whether it was counted
   * @throws SelvedgeError `feedback-invalid`, `prediction-unknown`
   */
  async feedback(model: string, id: string, truth: Truth): Promise<boolean> {
    requireTruth(truth);
    const check = (answer: AnswerSummary): void => {
      if (answer.model !== model) throw unknownAnswer(id, model);
      judge(answer, truth);
    };
    const answer = (await this.#mark(id, check)) ?? this.#markInMemory(id, check);
    if (answer === undefined) throw unknownAnswer(id, model);
    if (answer.isJudged === true) return false;
    const judgement = judge(answer, truth);
    this.#count(answer, judgement);
    return true;
  }

  /** Looks at a truth that is not counted. @throws SelvedgeError `feedback-invalid` */
  refuse(truth: Truth): false {
    requireTruth(truth);
    return false;
  }

  /** What was measured and is not stored yet is neither stored nor told from here on. */
  withdraw(): void {
    this.#era++;
    this.#untold = [];
  }

  /** Forgets what is not in the store. */
  forget(): void {
    this.#untold = [];
    this.#inMemory.clear();
    this.#ring.forget();
  }

  async close(): Promise<void> {
    await this.#table.close();
    await this.#database.close();
  }

  #count({ model, version, dtype, backend }: AnswerSummary, judgement: Judgement): void {
    const { recorder } = this.#options;
    const subject = {
      [ATTRIBUTES.model]: model,
      [ATTRIBUTES.version]: version,
      [ATTRIBUTES.dtype]: dtype,
      [ATTRIBUTES.backend]: backend,
    };
    if (judgement.kind === "class")
      recorder.count(METRICS.feedback, { ...subject, ...judgement.attributes });
    else recorder.measure(METRICS.feedbackError, subject, judgement.error);
  }

  async #mark(
    id: string,
    check: (answer: AnswerSummary) => void,
  ): Promise<AnswerSummary | undefined> {
    try {
      return await this.#table.mark(id, check);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  #markInMemory(id: string, check: (answer: AnswerSummary) => void): AnswerSummary | undefined {
    const answer = this.#inMemory.get(id);
    if (answer === undefined) return undefined;
    check(answer);
    this.#inMemory.set(id, { ...answer, isJudged: true });
    return answer;
  }
}

function unknownAnswer(id: string, model: string): SelvedgeError {
  return new SelvedgeError(
    "prediction-unknown",
    `Prediction ${id} is not one of the latest that ${model} answered on this device. Pass the id that predict() answered with, and raise the option predictions.answers if truths come late.`,
    { detail: { id, model } },
  );
}
