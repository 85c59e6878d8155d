import { element } from "./element.ts";
import type { Problem } from "./problem.ts";

/** What the page is doing, in a word for programs and a sentence for people. */
export interface StatusLine {
  loading(text: string): void;
  ready(text: string, advice?: string): void;
  working(text: string): void;
  error(problem: Problem, retry: () => void): void;
  /** A figure that changes too often to be read out. */
  count(text: string): void;
}

export function createStatusLine(): StatusLine {
  const status = element("status", HTMLElement);
  const text = element("status-text", HTMLElement);
  const advice = element("status-advice", HTMLElement);
  const detail = element("status-detail", HTMLElement);
  const figure = element("status-count", HTMLElement);
  const retry = element("retry", HTMLButtonElement);

  const show = (state: string, sentence: string, more = "") => {
    text.textContent = sentence;
    advice.textContent = more;
    advice.hidden = more === "";
    figure.textContent = "";
    detail.textContent = "";
    retry.hidden = true;
    status.dataset["state"] = state;
  };

  return {
    loading: (sentence) => show("loading", sentence),
    ready: (sentence, more) => show("ready", sentence, more),
    working: (sentence) => show("working", sentence),
    error(problem, onRetry) {
      show("error", problem.title, problem.advice);
      detail.textContent = problem.detail ?? "";
      retry.hidden = !problem.canRetry;
      retry.onclick = onRetry;
    },
    count: (sentence) => {
      figure.textContent = sentence;
    },
  };
}
