import type { ModelsAnswer } from "@selvedge/protocol";
import { isModelsAnswer } from "./answer-shapes.ts";
import { type ApiFault, ApiProblem } from "./api-problem.ts";
import { type AnswerOf, QUESTIONS, QUESTIONS_OF, type QuestionName } from "./questions.ts";
import type { Guard } from "./shape.ts";
import { type Focus, focusOn } from "./state/focus.ts";
import type { View } from "./state/view.ts";
import type { TimeWindow } from "./time-range.ts";

/** What came of one question: at least one of the two. */
export interface Part<T> {
  readonly answer?: T;
  /** When the answer was had, in milliseconds since 1970. */
  readonly at?: number;
  /** Why there is no newer answer. */
  readonly fault?: ApiFault;
}

export type Parts = { readonly [Name in QuestionName]?: Part<AnswerOf[Name]> };

export interface Answers {
  /** Always of all models, for the choice among them. */
  readonly models: ModelsAnswer;
  readonly focus: Focus;
  /** What the page is made of: one part may fail, and the others be shown. */
  readonly parts: Parts;
}

/**
 * Asks the collector what a page is made of. Rejects with an {@link ApiProblem} where it cannot be
 * reached or wants a token, or with the signal's reason when that is aborted.
 */
export type AskCollector = (
  view: View,
  window: TimeWindow,
  signal: AbortSignal,
) => Promise<Answers>;

const TIMEOUT_MS = 20_000;

/** The collector this page came from. */
export function createCollectorApi(
  fetch: typeof globalThis.fetch,
  options: { readonly token: () => string | undefined; readonly now: () => number },
): AskCollector {
  async function read<T>(path: string, isAnswer: Guard<T>, signal: AbortSignal): Promise<T> {
    const [name = path] = path.split("?");
    const token = options.token();
    const headers = {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    let response: Response;
    let body: string;
    try {
      response = await fetch(path, { headers, signal });
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

  async function readParts(asked: Asked, signal: AbortSignal): Promise<Parts> {
    const parts = new Map<QuestionName, Part<AnswerOf[QuestionName]>>();
    async function readPart<Name extends QuestionName>(name: Name): Promise<void> {
      const { isAnswer } = QUESTIONS[name];
      const path = pathOf(name, asked);
      if (path === undefined) return;
      try {
        parts.set(name, { answer: await read(path, isAnswer, signal), at: options.now() });
      } catch (error) {
        if (!(error instanceof ApiProblem) || concernsAll(error.fault)) throw error;
        parts.set(name, { fault: error.fault });
      }
    }
    await Promise.all(QUESTIONS_OF[asked.view.page].map((name) => readPart(name)));
    // Under each name is what that question's own guard let through.
    return Object.fromEntries(parts) as Parts;
  }

  return async (view, window, signal) => {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const either = AbortSignal.any([signal, timeout]);
    try {
      const models = await read(`api/models?${timeOf(window)}`, isModelsAnswer, either);
      const focus = focusOn(view, models);
      return { models, focus, parts: await readParts({ view, window, focus }, either) };
    } catch (error) {
      signal.throwIfAborted();
      if (timeout.aborted) throw new ApiProblem({ kind: "timeout" }, { cause: error });
      throw error;
    }
  };
}

interface Asked {
  readonly view: View;
  readonly window: TimeWindow;
  readonly focus: Focus;
}

function pathOf(name: QuestionName, { view, window, focus }: Asked): string | undefined {
  const { path, about } = QUESTIONS[name];
  const found = about(focus, view);
  if (found === undefined) return undefined;
  if (name === "prediction") return `${path}/${encodeURIComponent(view.prediction ?? "")}`;
  const params = timeOf(window);
  for (const [key, value] of Object.entries(found)) params.set(key, value);
  return `${path}?${params}`;
}

function timeOf({ from, to, stepMs }: TimeWindow): URLSearchParams {
  return new URLSearchParams({ from: String(from), to: String(to), step: String(stepMs) });
}

/** Whether every other question would have failed too. */
function concernsAll(fault: ApiFault): boolean {
  return fault.kind === "unreachable" || fault.kind === "timeout" || isSignInWanted(fault);
}

/** Whether the collector wants a token, or another one. */
export function isSignInWanted(fault: ApiFault | undefined): boolean {
  return fault?.kind === "status" && (fault.status === 401 || fault.status === 403);
}
