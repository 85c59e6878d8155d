/**
 * What a page loads with its first model. A bundler makes one chunk of it, and few of what it shares with
 * others: a dozen kept a later visit busy asking for them.
 */
export { Serving } from "./serving/serving.ts";
export { CallWatch } from "./telemetry/call-watch.ts";
export { Reporter } from "./telemetry/reporter.ts";
