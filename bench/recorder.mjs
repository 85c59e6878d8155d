import { gzipSync } from "node:zlib";
import { emptyHistogram, recordValue } from "../packages/protocol/dist/index.js";
import { Recorder } from "../packages/sdk/dist/telemetry/recorder.js";
import { toBatches } from "../packages/sdk/dist/telemetry/to-batch.js";
import { Tracing } from "../packages/sdk/dist/telemetry/tracing.js";
import { measureDistributions } from "./recorder-distributions.mjs";

const PREDICTIONS = 100_000;
const SUBJECT = { model: "ocr-rec", version: "1.0.0", dtype: "fp32", backend: "wasm" };

/** What a new histogram for each of a prediction's six values would take. */
function recordAnew(calls) {
  let histograms = Array.from({ length: 6 }, () => emptyHistogram(3));
  for (const { totalMs, queueMs, runMs, batchSize, engineBytes } of calls) {
    const values = [totalMs, queueMs, runMs, totalMs - queueMs - runMs, batchSize, engineBytes];
    histograms = histograms.map((histogram, i) => recordValue(histogram, values[i]));
  }
}

/** What the SDK does: it records, and decides on a span and names it. */
function recordInPlace(calls, isTraced) {
  const recorder = new Recorder(() => undefined);
  const tracing = isTraced ? new Tracing({ sample: 0.01 }, recorder, () => undefined) : undefined;
  for (const call of calls) {
    const span = tracing?.begin("predict", {});
    recorder.predicted(SUBJECT, call.totalMs, call);
    span?.end({});
  }
  return recorder;
}

/**
 * What telemetry takes of a prediction on the page's thread, and what a device sends for so many.
 *
 * @param rounds how often each contender has its turn
 */
export async function measureRecorder({ rounds = 7 }) {
  const calls = callsOf(PREDICTIONS);
  const contenders = {
    "a new histogram for each value": () => recordAnew(calls),
    "in place": () => recordInPlace(calls, false),
    "in place, and traced": () => recordInPlace(calls, true),
  };
  const times = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const startedAt = performance.now();
      run();
      times.get(name).push(((performance.now() - startedAt) / PREDICTIONS) * 1000);
    }
  const costs = [...times].map(([contender, all]) =>
    summary({ name: "a prediction", contender, metric: "time", unit: "µs" }, all),
  );
  const median = (name) => costs.find(({ contender }) => contender === name).median;
  const sizes = [1, 10, 1000, PREDICTIONS].map((count) => {
    const measurements = recordInPlace(calls.slice(0, count), false).take();
    const [{ body }] = toBatches({ measurements, finished: [] }, "bench");
    const bytes = gzipSync(JSON.stringify(body)).length;
    const name = `${count} predictions`;
    return summary({ name, contender: "in place", metric: "gzip", unit: "B" }, [bytes]);
  });
  const looks = (await measureDistributions()).map(({ name, contender, values }) =>
    summary({ name, contender, metric: "time", unit: "ms" }, values),
  );
  const [full, old] = [median("in place, and traced"), median("a new histogram for each value")];
  return {
    results: [...costs, ...sizes, ...looks],
    ratios: [
      {
        name: "of a prediction of 1 ms",
        of: "in place, and traced",
        to: "1 ms",
        value: full / 1000,
      },
      {
        name: "a prediction",
        of: "in place, and traced",
        to: "a new histogram for each value",
        value: full / old,
      },
    ],
  };
}

/** Latencies of a model as they might be, the same in each run. */
function callsOf(count) {
  let seed = 1;
  // Park and Miller's generator.
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  return Array.from({ length: count }, () => {
    const queueMs = 0.1 + 0.1 * random();
    const runMs = 12 * Math.exp(random() + random() - 1);
    const totalMs = queueMs + runMs + 0.4 + 0.3 * random();
    return { queueMs, runMs, totalMs, batchSize: 1, engineBytes: 2 ** 25 };
  });
}

function summary(row, values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    ...row,
    median: sorted[Math.floor(sorted.length / 2)],
    min: sorted[0],
    max: sorted.at(-1),
    n: sorted.length,
  };
}
