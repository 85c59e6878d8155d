/** What each metric is sent as. Of use to tests and to types: no page loads it. */
export const METRIC_TYPES = {
  "selvedge.predict.duration": "exponential histogram",
  "selvedge.predict.stage.duration": "exponential histogram",
  "selvedge.predict.batch.size": "exponential histogram",
  "selvedge.load.duration": "exponential histogram",
  "selvedge.loads": "counter",
  "selvedge.fetch.size": "counter",
  "selvedge.cache.size": "counter",
  "selvedge.engine.memory": "exponential histogram",
  "selvedge.engine.restarts": "counter",
  "selvedge.candidate.rejections": "counter",
  "selvedge.failures": "counter",
  "selvedge.telemetry.dropped": "counter",
  "selvedge.distribution": "histogram",
  "selvedge.distribution.irregular": "counter",
  "selvedge.feedback": "counter",
  "selvedge.feedback.error": "exponential histogram",
  "selvedge.engine.starts": "counter",
  "selvedge.engine.traps": "counter",
  "selvedge.image.quarantines": "counter",
  "selvedge.image.size": "exponential histogram",
} as const;

type Name = keyof typeof METRIC_TYPES;

/** The names of metrics that are sent so. */
export type MetricOf<Type extends (typeof METRIC_TYPES)[Name]> = {
  [Each in Name]: (typeof METRIC_TYPES)[Each] extends Type ? Each : never;
}[Name];
