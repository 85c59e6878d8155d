import type {
  AccuracyAnswer,
  AlertsAnswer,
  ComparisonAnswer,
  DriftAnswer,
  FailuresAnswer,
  HealthAnswer,
  LatencyAnswer,
  PredictionAnswer,
  PredictionsAnswer,
  StatsAnswer,
} from "@selvedge/protocol";
import { isFailuresAnswer, isLatencyAnswer, isPredictionsAnswer } from "./answer-shapes.ts";
import {
  isAccuracyAnswer,
  isAlertsAnswer,
  isComparisonAnswer,
  isDriftAnswer,
  isHealthAnswer,
  isPredictionAnswer,
  isStatsAnswer,
} from "./observed-shapes.ts";
import type { Guard } from "./shape.ts";
import type { Focus } from "./state/focus.ts";
import type { Page, View } from "./state/view.ts";

/** What a page may ask the collector, besides which models there are. */
export interface AnswerOf {
  readonly predictions: PredictionsAnswer;
  readonly latency: LatencyAnswer;
  readonly failures: FailuresAnswer;
  readonly health: HealthAnswer;
  readonly accuracy: AccuracyAnswer;
  readonly drift: DriftAnswer;
  readonly comparison: ComparisonAnswer;
  readonly prediction: PredictionAnswer;
  readonly alerts: AlertsAnswer;
  readonly stats: StatsAnswer;
}

export type QuestionName = keyof AnswerOf;

interface Question<Name extends QuestionName> {
  readonly isAnswer: Guard<AnswerOf[Name]>;
  readonly path: string;
  /** What it is asked about, besides the time; `undefined` where nothing has been chosen to ask about. */
  readonly about: (focus: Focus, view: View) => Readonly<Record<string, string>> | undefined;
}

const aboutModel = ({ model }: Focus): Record<string, string> =>
  model === undefined ? {} : { model };

/** Each question: where it is asked, about what, and what an answer looks like. */
export const QUESTIONS: { readonly [Name in QuestionName]: Question<Name> } = {
  predictions: { path: "api/predictions", isAnswer: isPredictionsAnswer, about: aboutModel },
  latency: { path: "api/latency", isAnswer: isLatencyAnswer, about: aboutModel },
  failures: { path: "api/failures", isAnswer: isFailuresAnswer, about: aboutModel },
  health: { path: "api/health", isAnswer: isHealthAnswer, about: aboutModel },
  accuracy: { path: "api/accuracy", isAnswer: isAccuracyAnswer, about: aboutModel },
  drift: {
    path: "api/drift",
    isAnswer: isDriftAnswer,
    about: ({ model, version }, { baseline }) =>
      model === undefined || version === undefined ? undefined : { model, version, baseline },
  },
  comparison: {
    path: "api/comparison",
    isAnswer: isComparisonAnswer,
    about: ({ model, a, b }) =>
      model === undefined || a === undefined || b === undefined ? undefined : { model, a, b },
  },
  prediction: {
    path: "api/predictions",
    isAnswer: isPredictionAnswer,
    about: (_, { prediction }) => (prediction === undefined ? undefined : {}),
  },
  // Of all models always: the page's head says how many fire.
  alerts: { path: "api/alerts", isAnswer: isAlertsAnswer, about: () => ({}) },
  stats: { path: "api/stats", isAnswer: isStatsAnswer, about: () => ({}) },
};

/** What each page is made of. */
export const QUESTIONS_OF: Readonly<Record<Page, readonly QuestionName[]>> = {
  fleet: ["predictions", "latency", "health", "alerts", "stats"],
  model: ["predictions", "latency", "failures", "health", "accuracy", "alerts"],
  compare: ["comparison", "predictions", "latency", "alerts"],
  drift: ["drift", "alerts"],
  failures: ["failures", "health", "alerts"],
  prediction: ["prediction", "alerts"],
  alerts: ["alerts"],
};
