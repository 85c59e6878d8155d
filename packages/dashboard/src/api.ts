import type {
  FailuresAnswer,
  LatencyAnswer,
  ModelsAnswer,
  PredictionsAnswer,
} from "@selvedge/protocol";
import {
  isFailuresAnswer,
  isLatencyAnswer,
  isModelsAnswer,
  isPredictionsAnswer,
} from "./answer-shapes.ts";
import { ApiProblem } from "./api-problem.ts";
import type { Guard } from "./shape.ts";
import type { TimeWindow } from "./time-range.ts";

export interface Question {
  readonly window: TimeWindow;
  /** `undefined`: all models. */
  readonly model: string | undefined;
}

export interface Answers {
  /** Always of all models, for the choice among them. */
  readonly models: ModelsAnswer;
  readonly predictions: PredictionsAnswer;
  readonly latency: LatencyAnswer;
  readonly failures: FailuresAnswer;
}

/** Asks the collector; rejects with an {@link ApiProblem}, or with the signal's reason when that is aborted. */
export type AskCollector = (question: Question, signal: AbortSignal) => Promise<Answers>;

const TIMEOUT_MS = 20_000;

/** The collector this page came from. */
export function createCollectorApi(fetch: typeof globalThis.fetch): AskCollector {
  async function read<T>(path: string, isAnswer: Guard<T>, signal: AbortSignal): Promise<T> {
    const [name = path] = path.split("?");
    let response: Response;
    let body: string;
    try {
      response = await fetch(path, { headers: { accept: "application/json" }, signal });
      body = await response.text();
    } catch (cause) {
      throw new ApiProblem({ kind: "unreachable" }, { cause });
    }
    if (!response.ok) throw new ApiProblem({ kind: "status", path: name, status: response.status });
    let answer: unknown;
    try {
      answer = JSON.parse(body);
    } catch (cause) {
      throw new ApiProblem({ kind: "format", path: name }, { cause });
    }
    if (!isAnswer(answer)) throw new ApiProblem({ kind: "format", path: name });
    return answer;
  }

  return async ({ window, model }, signal) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const either = AbortSignal.any([signal, timeout]);
    const all = new URLSearchParams({
      from: String(window.from),
      to: String(window.to),
      step: String(window.stepMs),
    });
    const narrowed = new URLSearchParams(all);
    if (model !== undefined) narrowed.set("model", model);
    try {
      const [models, predictions, latency, failures] = await Promise.all([
        read(`api/models?${all}`, isModelsAnswer, either),
        read(`api/predictions?${narrowed}`, isPredictionsAnswer, either),
        read(`api/latency?${narrowed}`, isLatencyAnswer, either),
        read(`api/failures?${narrowed}`, isFailuresAnswer, either),
      ]);
      return { models, predictions, latency, failures };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new ApiProblem({ kind: "timeout" }, { cause: error });
      throw error;
    }
  };
}
