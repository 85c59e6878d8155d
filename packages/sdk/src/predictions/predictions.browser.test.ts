import {
  ATTRIBUTES,
  FEEDBACK,
  METRICS,
  type OtlpBatch,
  PREDICTION,
  parseCapturedPrediction,
  sha256,
} from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import type { AnsweredCall } from "../telemetry/answered-call.ts";
import { Recorder } from "../telemetry/recorder.ts";
import { answeredCall, CLASSES, row, servedWith } from "./answered-call.fixture.ts";
import { Predictions } from "./predictions.ts";

const ALL = { sample: 1, keep: 100, answers: 100 };

let recorder: Recorder;
let sent: OtlpBatch[];
let isCounted: boolean;
let logs: Predictions[];

beforeEach(async () => {
  await (await freshDatabase()).close();
  recorder = new Recorder(() => undefined);
  sent = [];
  isCounted = true;
  logs = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const log of logs) await log.end(5000);
});

function openLog(policy: Partial<typeof ALL> = {}): Predictions {
  const send = async (batch: OtlpBatch) => void sent.push(batch);
  const log = new Predictions({
    policy: { ...ALL, ...policy },
    recorder,
    service: "shop",
    isCounted: () => isCounted,
    send,
  });
  logs.push(log);
  return log;
}

/** Tells of a call as a model does. */
function tell(log: Predictions, call: AnsweredCall): void {
  log.answered(call);
  if (call.options.capture === true) log.captured(call);
}

const animals = servedWith({ reference: CLASSES });

test("a record says what answered where, and has digests of what went in and came out", async () => {
  const log = openLog();
  const settings = { graphOptimizationLevel: "basic" } as const;
  const call = answeredCall({ served: servedWith({ settings }) });
  tell(log, call);
  const record = await log.find(call.id);
  expect(record).toMatchObject({
    id: call.id,
    model: "animals",
    version: "1.2.0",
    digest: "d".repeat(64),
    backend: "wasm",
    build: "wasm",
    settings,
    adapter: "none",
    cohort: "stable",
    timings: call.timings,
  });
  expect(record?.runtime).toMatch(/^onnxruntime-web \d/);
  expect(record?.browser).toMatch(/^chrome \d+$/);
  const digest = await sha256(new Uint8Array(Float32Array.of(1, 2).buffer));
  expect(record?.inputs).toEqual({ x: { dtype: "float32", dims: [1, 2], sha256: digest } });
  expect(record).not.toHaveProperty("captured");
});

test("of features that the pack has a reference of it says the bin, and nothing of the value", async () => {
  const log = openLog();
  const [feature] = CLASSES.features;
  if (feature === undefined) throw new Error("the reference has a feature");
  const { categories: _, ...more } = feature;
  const age = { ...more, name: "age", side: "input", tensor: "x", measure: "value" } as const;
  const features = [{ ...age, element: 0, edges: [20, 40], counts: [1, 1, 1] }, feature];
  const served = servedWith({ reference: { samples: 3, features } });
  const outputs = { probabilities: row(0.125, 0.875) };
  const call = answeredCall({ served, inputs: { x: row(33.5, 1) }, outputs });
  tell(log, call);
  const record = await log.find(call.id);
  expect(record?.features).toEqual({ age: 1, "probabilities.class": 1 });
  expect(JSON.stringify(record)).not.toContain("33.5");
});

test("what the app does with its outputs afterwards changes nothing", async () => {
  const log = openLog();
  const data = Float32Array.of(3);
  const call = answeredCall({ outputs: { y: { type: "float32", data, dims: [1, 1] } } });
  tell(log, call);
  data.fill(99);
  const record = await log.find(call.id);
  const digest = await sha256(new Uint8Array(Float32Array.of(3).buffer));
  expect(record?.outputs["y"]?.sha256).toBe(digest);
});

test("inputs that were handed over have no digest", async () => {
  const log = openLog();
  const call = answeredCall({ inputs: undefined });
  tell(log, call);
  expect((await log.find(call.id))?.inputs).toEqual({});
});

test("a share of the calls is written down, and those that are captured always", async () => {
  const log = openLog({ sample: 0.5 });
  const random = vi.spyOn(Math, "random");
  const found: boolean[] = [];
  for (const [chance, capture] of [
    [0.49, false],
    [0.5, false],
    [0.99, true],
  ] as const) {
    random.mockReturnValue(chance);
    const call = answeredCall({ options: { capture } });
    tell(log, call);
    found.push((await log.find(call.id)) !== undefined);
  }
  expect(found).toEqual([true, false, true]);
});

test("a captured prediction is exported as a file that can be replayed", async () => {
  const log = openLog({ sample: 0 });
  const text = { type: "string", data: ["naïve", ""], dims: [2] } as const;
  const call = answeredCall({ inputs: { x: row(1, -0), text }, options: { capture: true } });
  tell(log, call);
  const file = await log.export(call.id);
  expect(file.type).toBe("application/json");
  const { record, inputs } = parseCapturedPrediction(await file.text());
  expect(record.id).toBe(call.id);
  expect(inputs["text"]?.data).toEqual(["naïve", ""]);
  expect(atob(String(inputs["x"]?.data))).toBe("\0\0\x80\x3f\0\0\0\x80");
});

test("what was not captured, or never written down, cannot be exported", async () => {
  const log = openLog();
  const call = answeredCall();
  tell(log, call);
  await expect(log.export(call.id)).rejects.toMatchObject({ code: "prediction-not-captured" });
  await expect(log.export("none")).rejects.toMatchObject({ code: "prediction-unknown" });
});

test("what leaves of a record is no tensor, no digest of one, and no salt", async () => {
  const log = openLog();
  const call = answeredCall({ options: { capture: true } });
  tell(log, call);
  await log.flush();
  const record = await log.find(call.id);
  const [batch] = sent;
  if (batch?.signal !== "logs" || record === undefined) return expect.fail("no log was sent");
  const [event] = batch.body.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
  const told = Object.fromEntries(
    (event?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]),
  );
  expect(told).toMatchObject({ [PREDICTION.id]: call.id, [ATTRIBUTES.model]: "animals" });
  expect(told[PREDICTION.inputs]).toMatch(/^[0-9a-f]{64}$/);
  const text = JSON.stringify(sent);
  for (const hidden of [record.salt, record.inputs["x"]?.sha256, record.outputs["y"]?.sha256])
    expect(text).not.toContain(hidden);
});

test("what is to be told of a record is taken at once by a page that goes away, and told once", async () => {
  const log = openLog();
  const call = answeredCall();
  await log.find("none");
  tell(log, call);
  await log.find(call.id);
  expect(JSON.stringify(log.take())).toContain(call.id);
  await log.flush();
  expect(sent).toEqual([]);
});

test("an answer that was given just before a page goes away can be judged on the next", async () => {
  const log = openLog({ sample: 0 });
  await log.find("none");
  const call = answeredCall();
  tell(log, call);
  dispatchEvent(new Event("pagehide"));
  const next = openLog({ sample: 0 });
  await eventually(async () =>
    expect(await next.feedback("animals", call.id, { correct: true })).toBe(true),
  );
});

test("what the app captures is kept where the user wants no telemetry, and its truth is not counted", async () => {
  isCounted = false;
  const log = openLog();
  const call = answeredCall({ options: { capture: true } });
  // Watchers are not told of calls then.
  log.captured(call);
  expect(await log.find(call.id)).toHaveProperty("captured");
  expect(await log.feedback("animals", call.id, { correct: true })).toBe(false);
  expect(recorder.take()).toBeUndefined();
});

test("what was captured while telemetry was off is not told after it was turned on, nor its truth", async () => {
  isCounted = false;
  const log = openLog();
  const early = answeredCall({ options: { capture: true } });
  log.captured(early);
  await log.find("none");
  const late = answeredCall({ options: { capture: true } });
  log.captured(late);
  isCounted = true;
  for (const { id } of [early, late]) {
    expect(await log.find(id)).toHaveProperty("captured");
    const feedback = log.feedback("animals", id, { correct: true });
    await expect(feedback).rejects.toMatchObject({ code: "prediction-unknown" });
  }
  await log.flush();
  expect(sent).toEqual([]);
});

test.each([
  ["has come", async (log: Predictions) => void (await log.find("none"))],
  ["is on its way", async () => undefined],
])(
  "what is withdrawn while the log %s is forgotten, and what the app captured is kept",
  async (_when, begin) => {
    const log = openLog();
    await begin(log);
    const [call, captured] = [answeredCall(), answeredCall({ options: { capture: true } })];
    tell(log, call);
    tell(log, captured);
    log.withdraw();
    await log.flush();
    expect(await log.find(call.id)).toBeUndefined();
    expect(await log.find(captured.id)).toHaveProperty("captured");
    for (const { id } of [call, captured]) {
      const feedback = log.feedback("animals", id, { correct: true });
      await expect(feedback).rejects.toMatchObject({ code: "prediction-unknown" });
    }
    expect(sent).toEqual([]);
    const after = answeredCall();
    tell(log, after);
    await log.flush();
    expect(sent).toHaveLength(1);
    expect(await log.feedback("animals", after.id, { value: 3 })).toBe(true);
  },
);

test("a truth is joined to its answer, also by the next visit, and counts once", async () => {
  const first = openLog({ sample: 0 });
  const call = answeredCall({ served: animals, outputs: { probabilities: row(0.75, 0.25, 0) } });
  tell(first, call);
  await first.end(5000);
  const log = openLog({ sample: 0 });
  expect(await log.feedback("animals", call.id, { label: 1 })).toBe(true);
  expect(await log.feedback("animals", call.id, { label: "0" })).toBe(false);
  expect(recorder.take()?.counters).toEqual([
    {
      metric: METRICS.feedback,
      value: 1,
      attributes: {
        [ATTRIBUTES.model]: "animals",
        [ATTRIBUTES.version]: "1.2.0",
        [ATTRIBUTES.dtype]: "fp32",
        [ATTRIBUTES.backend]: "wasm",
        [FEEDBACK.correct]: "false",
        [FEEDBACK.predicted]: "0",
        [FEEDBACK.label]: "1",
        [FEEDBACK.confidence]: "7",
      },
    },
  ]);
});

test("a number's truth is counted as how far it was off", async () => {
  const log = openLog({ sample: 0 });
  const call = answeredCall({ outputs: { y: row(40) } });
  tell(log, call);
  await log.feedback("animals", call.id, { value: 42 });
  const [series] = recorder.take()?.histograms ?? [];
  expect(series).toMatchObject({ metric: METRICS.feedbackError, value: { count: 1, max: 2 } });
});

test("a record outlives the answers that are remembered, and its truth can still come", async () => {
  const log = openLog({ answers: 1 });
  const call = answeredCall({ outputs: { y: row(40) } });
  tell(log, call);
  await log.flush();
  for (let i = 0; i < 200; i++) tell(log, answeredCall());
  await log.flush();
  expect(await log.feedback("animals", call.id, { value: 40 })).toBe(true);
  expect(await log.feedback("animals", call.id, { value: 40 })).toBe(false);
});

test("an id that is not known, or is another model's, is refused", async () => {
  const log = openLog({ sample: 0 });
  const call = answeredCall();
  tell(log, call);
  const unknown = { code: "prediction-unknown" };
  await expect(log.feedback("animals", "none", { correct: true })).rejects.toMatchObject(unknown);
  await expect(log.feedback("plants", call.id, { correct: true })).rejects.toMatchObject(unknown);
  expect(await log.feedback("animals", call.id, { correct: true })).toBe(true);
});

test("where nothing is sent, a truth is not counted, and what is none is still refused", async () => {
  const log = openLog({ sample: 0, answers: 0 });
  expect(await log.feedback("animals", "any", { correct: true })).toBe(false);
  const wrong = log.feedback("animals", "any", {} as { correct: boolean });
  await expect(wrong).rejects.toMatchObject({ code: "feedback-invalid" });
});

test("captured calls are held for the log by their size, whatever their number", async () => {
  const log = openLog({ sample: 0, answers: 0 });
  const calls = Array.from({ length: 80 }, () => answeredCall({ options: { capture: true } }));
  for (const call of calls) tell(log, call);
  expect(await log.find(calls.at(-1)?.id ?? "")).toHaveProperty("captured");
});

test("a call that cannot be copied is not written down, and fails nobody", async () => {
  const log = openLog();
  vi.spyOn(globalThis, "structuredClone").mockImplementation(() => {
    throw new DOMException("no memory", "DataCloneError");
  });
  const call = answeredCall({ options: { capture: true } });
  expect(() => log.captured(call)).not.toThrow();
  vi.restoreAllMocks();
  expect(await log.find(call.id)).toBeUndefined();
});
