import type {
  FailuresAnswer,
  LatencyAnswer,
  ModelsAnswer,
  PredictionsAnswer,
  Quantiles,
} from "@selvedge/protocol";
import { type Guard, isListOf, isNullOr, isNumber, isShape, isText } from "./shape.ts";

type Model = ModelsAnswer["models"][number];

const quantiles = { count: isNumber, p50: isNumber, p95: isNumber, p99: isNumber };

export const isModelsAnswer: Guard<ModelsAnswer> = isShape<ModelsAnswer>({
  models: isListOf(
    isShape<Model>({
      name: isText,
      versions: isListOf(
        isShape<Model["versions"][number]>({
          version: isText,
          dtypes: isListOf(isText),
          backends: isListOf(isText),
          predictions: isNumber,
          failures: isNumber,
          firstSeen: isNumber,
          lastSeen: isNumber,
        }),
      ),
    }),
  ),
});

export const isPredictionsAnswer: Guard<PredictionsAnswer> = isShape<PredictionsAnswer>({
  from: isNumber,
  to: isNumber,
  stepMs: isNumber,
  series: isListOf(
    isShape<PredictionsAnswer["series"][number]>({
      model: isText,
      version: isText,
      backend: isText,
      counts: isListOf(isNumber),
    }),
  ),
});

export const isLatencyAnswer: Guard<LatencyAnswer> = isShape<LatencyAnswer>({
  from: isNumber,
  to: isNumber,
  stepMs: isNumber,
  predict: isListOf(
    isShape<LatencyAnswer["predict"][number]>({
      ...quantiles,
      model: isText,
      version: isText,
      dtype: isText,
      backend: isText,
      steps: isListOf(isNullOr(isShape<Quantiles>(quantiles))),
    }),
  ),
  load: isListOf(
    isShape<LatencyAnswer["load"][number]>({
      ...quantiles,
      model: isText,
      version: isText,
      backend: isText,
      phase: isText,
    }),
  ),
});

export const isFailuresAnswer: Guard<FailuresAnswer> = isShape<FailuresAnswer>({
  failures: isListOf(
    isShape<FailuresAnswer["failures"][number]>({
      model: isText,
      version: isText,
      backend: isText,
      device: isText,
      operation: isText,
      code: isText,
      count: isNumber,
      lastSeen: isNumber,
    }),
  ),
});
