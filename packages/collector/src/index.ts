export { type CollectorConfig, DEFAULT_CONFIG, type Limits } from "./config/collector-config.ts";
export { parseConfig, readConfig } from "./config/read-config.ts";
export { type Collector, type CollectorOptions, startCollector } from "./start-collector.ts";
export { openDuckDbStore } from "./store/duckdb/open-duckdb-store.ts";
export type {
  CounterPoint,
  HistogramPoint,
  Labels,
  LogRecord,
  LogsBatch,
  MetricsBatch,
  Observation,
  SteppedWindow,
  Store,
  Window,
} from "./store/store.ts";
