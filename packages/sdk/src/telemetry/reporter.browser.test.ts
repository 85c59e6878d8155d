import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { batch, dropsIn, idsIn } from "./batch.fixture.ts";
import { Outbox } from "./outbox.ts";
import {
  ReporterStage,
  recordFirst,
  refuseStorage,
  subject,
  TELEMETRY,
} from "./reporter.fixture.ts";

let stage: ReporterStage;

beforeEach(async () => {
  stage = await ReporterStage.start();
});

afterEach(() => stage.end());

test("flushing hands over what was recorded as one batch, and has it sent", async () => {
  stage.open();
  stage.reporter.recorder.predicted(subject, 1);
  stage.reporter.recorder.predicted(subject, 2);
  await stage.reporter.flush();
  expect(stage.requests().map(idsIn)).toEqual([[expect.any(String)]]);
  await stage.reporter.flush();
  expect(stage.received).toHaveLength(1);
});

test("a flush that is aborted rejects, though the collector never answers", async () => {
  stage.answer = () => new Promise(() => undefined);
  stage.open();
  stage.reporter.recorder.predicted(subject, 1);
  await expect(stage.reporter.flush(AbortSignal.timeout(50))).rejects.toMatchObject({
    name: "TimeoutError",
  });
});

test("an app that throws when it is told of requests stops none of them", async () => {
  const onSend = vi.fn(() => {
    throw new Error("a fault of the app");
  });
  stage.open({}, { onSend });
  for (const count of [1, 2]) {
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect([stage.received.length, onSend.mock.calls.length]).toEqual([count, count]);
  }
});

test("what an earlier visit has left waits until the page is calm", async () => {
  await new Outbox(stage.database, TELEMETRY).add(batch("a"));
  let comes: (() => void) | undefined;
  const calm = new Promise<void>((resolve) => {
    comes = resolve;
  });
  stage.open().prepare(calm);
  await stage.reporter.read();
  await stage.waiting();
  expect(stage.received).toEqual([]);
  comes?.();
  await eventually(() => expect(stage.requests().map(idsIn)).toEqual([["a"]]));
});

describe("by itself", () => {
  const fakeTime = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });

  test("it stores what gathered in five seconds, and sends it", async () => {
    stage.open().prepare();
    await eventually(() => expect(stage.reporter.state).toBe("enabled"));
    fakeTime();
    stage.reporter.recorder.predicted(subject, 1);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await stage.waiting()).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    await eventually(() => expect(stage.received).toHaveLength(1));
  });

  test("without telemetry it stores nothing, and sends nothing as the page goes", async () => {
    stage.open("off");
    fakeTime();
    const openings = vi.spyOn(IDBFactory.prototype, "open");
    stage.reporter.prepare();
    stage.reporter.recorder.predicted(subject, 1);
    await vi.advanceTimersByTimeAsync(60_000);
    await stage.reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect([openings.mock.calls, stage.received, stage.reporter.state]).toEqual([[], [], "off"]);
  });

  test("after its end it hands over nothing more, whatever is recorded", async () => {
    stage.open().prepare();
    await eventually(() => expect(stage.reporter.state).toBe("enabled"));
    fakeTime();
    stage.reporter.recorder.predicted(subject, 1);
    stage.reporter.end();
    stage.reporter.recorder.take();
    stage.reporter.recorder.failed(subject, "predict", "disposed");
    await vi.advanceTimersByTimeAsync(60_000);
    dispatchEvent(new Event("pagehide"));
    expect(stage.received).toEqual([]);
    expect(await stage.waiting()).toBe(0);
  });
});

describe("where the store is refused", () => {
  beforeEach(refuseStorage);

  test("what is measured is sent all the same", async () => {
    stage.open();
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect(stage.requests().flatMap(idsIn)).toHaveLength(1);
    await stage.reporter.flush();
    expect(stage.received).toHaveLength(1);
  });

  test("the page does not hoard: the last 16 batches are kept, and the others told as dropped", async () => {
    stage.answer = () => Promise.reject(new TypeError("there is no network"));
    stage.open();
    await recordFirst(stage.reporter);
    stage.reporter.recorder.take();
    for (let i = 0; i < 40; i++) await stage.reporter.send(batch(`m${i}`));
    stage.received.length = 0;
    stage.answer = () => new Response("{}");
    await stage.reporter.flush();
    const ids = stage.requests().flatMap(idsIn);
    expect(ids.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => `m${24 + i}`));
    expect(dropsIn(stage.requests()[0] ?? batch("none"))).toEqual({ unconfirmed: 24 });
  });
});

describe("erasing", () => {
  test("deletes what was recorded and what waits, and leaves the choice alone", async () => {
    stage.open();
    await recordFirst(stage.reporter);
    stage.answer = () => new Response("", { status: 503 });
    await stage.reporter.flush();
    stage.reporter.recorder.predicted({ ...subject, model: "secret" }, 1);
    await stage.reporter.disable();
    await stage.reporter.erase();
    dispatchEvent(new Event("pagehide"));
    expect(await stage.waiting()).toBe(0);
    expect(await stage.remembered()).toBe("denied");
    expect(stage.texts().join()).not.toContain("secret");
  });

  test("in one tab reaches another, which sends nothing of before on its way out", async () => {
    const forget = vi.fn();
    stage.answer = () => Promise.reject(new TypeError("there is no network"));
    const other = stage.open();
    other.onForget = forget;
    await recordFirst(stage.reporter);
    await other.send(batch("stored before"));
    // What is on its way is not called back.
    await eventually(() => expect(stage.texts().join()).toContain("stored before"));
    await stage.open("off").erase();
    await other.send(batch("measured before"));
    expect(forget).toHaveBeenCalledOnce();
    await other.send(batch("after"));
    stage.received.length = 0;
    dispatchEvent(new Event("pagehide"));
    await eventually(() => expect(stage.requests().flatMap(idsIn)).toContain("after"));
    expect(stage.texts().join()).not.toMatch(/before/);
  });

  test("as a page begins keeps nothing from it of what it measures after", async () => {
    stage.open().prepare();
    const erasing = stage.reporter.erase();
    stage.reporter.recorder.predicted(subject, 1);
    await erasing;
    await stage.reporter.flush();
    expect(stage.requests().flatMap(idsIn)).toHaveLength(1);
    expect(stage.requests().map(dropsIn)).toEqual([{}]);
  });

  test("works on a page without telemetry, for what others left", async () => {
    await new Outbox(stage.database, TELEMETRY).add(batch("a"));
    await stage.open("off").erase();
    expect(await stage.waiting()).toBe(0);
  });
});
