import { createHash } from "node:crypto";
import {
  ATTRIBUTES,
  binCount,
  binOf,
  METRICS,
  measurerOf,
} from "../../packages/protocol/dist/index.js";
import { distributionBatch } from "../../packages/sdk/dist/distributions/distribution-batch.js";
import { judge } from "../../packages/sdk/dist/predictions/judge.js";
import { logRecord } from "../../packages/sdk/dist/predictions/log-record.js";
import { toLogs } from "../../packages/sdk/dist/telemetry/otlp-batch.js";
import { Recorder } from "../../packages/sdk/dist/telemetry/recorder.js";
import { toSpanBatch } from "../../packages/sdk/dist/telemetry/spans.js";
import { toBatches } from "../../packages/sdk/dist/telemetry/to-batch.js";
import { drawDevice } from "./devices.mjs";
import { answersOf, MODEL, VERSIONS } from "./penguins.mjs";

export const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = DAY_MS / 24;
const SERVICE = "field-station";

/** From so many days before the end on, some devices of the second version measure beaks too deep. */
const SHIFTED_DAYS = 4;
const SHIFTED_SHARE = 0.4;
const SHIFT_MM = 3;

/** One device in so many sends the record of a prediction, and a span. */
const RECORDED = 25;

/**
 * Plays a fleet day by day, with what the SDK writes: yields the batches that devices send, some at a
 * time. Nothing of it depends on anything but the options.
 *
 * @param penguins what devices see
 * @param packed manifests by version, as `inspect` gives them
 * @param endMs the midnight at which the last day ends
 * @param devices a day, of both versions together
 * @param onDay told of the midnight at which each day ends, before anything of it
 */
export async function* playDevices({ penguins, packed, endMs, days, devices, onDay, random }) {
  const versions = VERSIONS.map(({ version, sees }) => ({
    version,
    ...packed.get(version),
    answer: answersOf(penguins, sees),
  }));
  for (let day = days; day > 0; day--) {
    await onDay(endMs - (day - 1) * DAY_MS);
    for (let i = 0; i < devices; i++) {
      // The second version reaches more devices from day to day.
      const share = 0.15 + 0.5 * (1 - day / days);
      const isNew = random() < share;
      const startMs = endMs - day * DAY_MS + random() * 23 * HOUR_MS;
      const shift = isNew && day <= SHIFTED_DAYS && random() < SHIFTED_SHARE ? SHIFT_MM : 0;
      yield await batchesOf({
        ...versions[Number(isNew)],
        penguins,
        startMs,
        shift,
        isNew,
        i,
        random,
      });
    }
  }
}

async function batchesOf({ penguins, startMs, shift, isNew, i, random, ...served }) {
  const { version, digest, manifest, answer } = served;
  const { navigator, runMs: typicalMs, backend } = drawDevice(random);
  globalThis.navigator = navigator;
  const subject = { model: MODEL, version, dtype: "fp32", backend };
  const recorder = new Recorder(() => undefined);
  recordStart(recorder, { subject, typicalMs, random });
  const calls = Array.from({ length: 1 + Math.floor(-6 * Math.log(1 - random())) }, () => {
    const { species, values } = penguins[Math.floor(random() * penguins.length)];
    const seen = values.map((value, column) => value + (column === 1 ? shift : 0));
    const runMs = typicalMs * (isNew ? 1.12 : 1) * Math.exp(0.8 * (random() + random() - 1));
    const queueMs = 0.05 + 0.2 * random() ** 4;
    return { species, seen, odds: answer(seen), runMs, queueMs, totalMs: queueMs + runMs + 0.2 };
  });
  for (const call of calls) recorder.predicted(subject, call.totalMs, { ...call, batchSize: 1 });
  if (random() < (isNew ? 0.012 : 0.02))
    recorder.failed(subject, "predict", pick(FAILURES, random));
  recordTruths(recorder, { calls, subject, manifest, random });
  const until = startMs + 10 * 60_000;
  const measurements = { ...recorder.take(until), since: startMs };
  const told = contributed({ calls, subject, manifest, startMs, random });
  const batches = [
    ...toBatches({ measurements, finished: [] }, SERVICE),
    distributionBatch(told, { service: SERVICE, until }),
  ];
  if (i % RECORDED > 0) return batches;
  return [
    ...batches,
    ...(await recorded({
      call: calls[0],
      served: { ...served, subject, digest },
      startMs,
      random,
    })),
  ];
}

const FAILURES = [
  "engine-timeout",
  "engine-timeout",
  "input-shape",
  "engine-crashed",
  "out-of-memory",
];

function recordStart(recorder, { subject, typicalMs, random }) {
  const isStored = random() < 0.8;
  const cost = { bytes: 2_400, fetchedBytes: isStored ? 0 : 2_400 };
  recorder.loadedFrom(subject, cost);
  const phases = { total: 90, spawn: 18, compile: 22, import: 15, read: 4, create: 9 };
  for (const [phase, ms] of Object.entries(phases))
    recorder.loaded(subject, phase, ms * (0.6 + 0.4 * typicalMs) * (0.7 + random()));
  if (random() < 0.004) recorder.restarted(subject, "engine-timeout");
}

/** The truth comes back for one prediction in six. */
function recordTruths(recorder, { calls, subject, manifest, random }) {
  const { categories: classes } = manifest.reference.features.find(
    ({ measure }) => measure === "class",
  );
  for (const { odds, species } of calls) {
    if (random() > 1 / 6) continue;
    const confidence = Math.max(...odds);
    const predicted = String(odds.indexOf(confidence));
    const answer = { id: "", ...subject, predicted, classes, confidence };
    // Whoever labels penguins errs, too.
    const label = String(random() < 0.02 ? Math.floor(random() * odds.length) : species);
    recorder.count(METRICS.feedback, {
      ...attributesOf(subject),
      ...judge(answer, { label }).attributes,
    });
  }
}

/** Four values of each feature at most, as a device tells in an hour. */
function contributed({ calls, subject, manifest, startMs, random }) {
  const features = manifest.reference.features.map((feature) => ({
    feature,
    counts: new Array(binCount(feature)).fill(0),
    irregular: {},
  }));
  for (const { seen, odds } of calls.slice(0, 4)) {
    const measured = measuring({ seen, odds, random });
    for (const { feature, counts, irregular } of features) {
      const { bin, irregularity } = binOf(feature, measured(feature));
      if (bin !== undefined) counts[bin] += 1;
      if (irregularity !== undefined) irregular[irregularity] = (irregular[irregularity] ?? 0) + 1;
    }
  }
  const attributes = attributesOf(subject);
  return { attributes, contributor: hex(32, random), epsilon: undefined, since: startMs, features };
}

/** As devices measure: of float32, in which the likeliest of answers is 1 where there is more to say. */
function measuring({ seen, odds, random }) {
  const tensorOf = (values) => ({
    type: "float32",
    data: Float32Array.from(values),
    dims: [1, values.length],
  });
  // Some devices leave the scales at home.
  const weighed = random() < 0.01 ? seen.with(3, Number.NaN) : seen;
  const read = { input: measurerOf(tensorOf(weighed)), output: measurerOf(tensorOf(odds)) };
  return (feature) => read[feature.side](feature, 0);
}

/** The record of a prediction, and its span. */
async function recorded({
  call: { seen, odds, queueMs, runMs, totalMs },
  served,
  startMs,
  random,
}) {
  const { subject, digest } = served;
  const tensor = (values) => ({
    dtype: "float32",
    dims: [1, values.length],
    sha256: createHash("sha256").update(Float32Array.from(values)).digest("hex"),
  });
  const record = {
    id: `${hex(8, random)}-${hex(4, random)}-4${hex(3, random)}-a${hex(3, random)}-${hex(12, random)}`,
    at: startMs,
    ...subject,
    digest,
    build: "simd",
    runtime: "onnxruntime-web 1.30.0",
    adapter: subject.backend === "wasm" ? "none" : "nvidia ampere",
    browser: "chrome 142",
    salt: hex(32, random),
    inputs: { x: tensor(seen) },
    outputs: { probabilities: tensor(odds) },
    timings: { queueMs, runMs, totalMs },
    traceId: hex(32, random),
  };
  const span = {
    ...{ operation: "predict", at: startMs, durationMs: totalMs, subject },
    ...{ ref: { traceId: record.traceId, spanId: hex(16, random) } },
    call: { id: record.id, timings: record.timings },
  };
  return [toLogs(SERVICE, [await logRecord(record)]), toSpanBatch([span], SERVICE)];
}

function attributesOf({ model, version, dtype, backend }) {
  return {
    [ATTRIBUTES.model]: model,
    [ATTRIBUTES.version]: version,
    [ATTRIBUTES.dtype]: dtype,
    [ATTRIBUTES.backend]: backend,
  };
}

function pick(list, random) {
  return list[Math.floor(random() * list.length)];
}

function hex(digits, random) {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
}
