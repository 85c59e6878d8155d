import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answeredCall } from "../predictions/answered-call.fixture.ts";
import { batch, dropsIn, idsIn } from "./batch.fixture.ts";
import { CallWatch } from "./call-watch.ts";
import { ReporterStage } from "./reporter.fixture.ts";

const chunk = vi.hoisted(() => ({ isMissing: true }));

vi.mock("./courier.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("./courier.ts")>();
  class Courier extends original.Courier {
    constructor(...options: ConstructorParameters<typeof original.Courier>) {
      if (chunk.isMissing) throw new TypeError("Failed to fetch dynamically imported module");
      super(...options);
    }
  }
  return { ...original, Courier };
});

let stage: ReporterStage;

beforeEach(async () => {
  chunk.isMissing = true;
  stage = await ReporterStage.start();
  stage.open();
});

afterEach(() => stage.end());

const sent = () => stage.requests().flatMap(idsIn);

test("what a page that lacks the courier was given to send goes out once it has it", async () => {
  await expect(stage.reporter.send(batch("a"))).rejects.toThrow();
  await expect(stage.reporter.flush()).rejects.toThrow();
  chunk.isMissing = false;
  await stage.reporter.send(batch("b"));
  await stage.reporter.flush();
  expect(sent().toSorted()).toEqual(["a", "b"]);
});

test("it tries again by itself", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await expect(stage.reporter.send(batch("a"))).rejects.toThrow();
  chunk.isMissing = false;
  await vi.advanceTimersByTimeAsync(5_000);
  vi.useRealTimers();
  await expect.poll(sent).toEqual(["a"]);
});

test("what a page that lacks it cannot hold is told as dropped", async () => {
  const all = Array.from({ length: 20 }, (_, i) => batch(`m${i}`));
  for (const one of all) await expect(stage.reporter.send(one)).rejects.toThrow();
  chunk.isMissing = false;
  await stage.reporter.flush();
  const ids = sent();
  for (let i = 4; i < 20; i++) expect(ids).toContain(`m${i}`);
  expect(ids).not.toContain("m3");
  expect(stage.requests().map(dropsIn)).toContainEqual({ unconfirmed: 4 });
});

test("what waits for it is sent or told as dropped, and never both", async () => {
  chunk.isMissing = false;
  const all = Array.from({ length: 20 }, (_, i) => batch(`m${i}`));
  await Promise.all(all.map((one) => stage.reporter.send(one)));
  await stage.reporter.flush();
  const dropped = stage.requests().map((one) => dropsIn(one)["unconfirmed"] ?? 0);
  const ours = sent().filter((id) => id.startsWith("m"));
  expect(ours.length + dropped.reduce((sum, one) => sum + one, 0)).toBe(20);
});

test("what is erased while it is asked for is not sent", async () => {
  const sending = stage.reporter.send(batch("a")).catch(() => undefined);
  await Promise.all([stage.reporter.erase(), sending]);
  chunk.isMissing = false;
  await stage.reporter.flush();
  expect(sent()).not.toContain("a");
});

test("a record of what the app captured outlasts it", async () => {
  const { reporter } = stage;
  const predictions = { sample: 0, keep: 1, answers: 0 };
  const how = { distributions: undefined, predictions };
  const watch = new CallWatch({ reporter, service: "shop", isSent: true, ...how });
  const call = answeredCall({ options: { capture: true } });
  watch.predictions.captured(call);
  await expect(watch.flush()).rejects.toThrow();
  chunk.isMissing = false;
  await reporter.flush();
  expect(stage.texts().join()).toContain(call.id);
  await watch.end(1000);
});

test("what was given to be sent before the user's choice was read, and found to be none, is never sent", async () => {
  stage.open({ consent: "required" });
  chunk.isMissing = false;
  await stage.reporter.send(batch("a"));
  expect(stage.reporter.state).toBe("disabled");
  await stage.reporter.enable();
  await stage.reporter.send(batch("b"));
  window.dispatchEvent(new PageTransitionEvent("pagehide"));
  await expect.poll(sent).toContain("b");
  expect(sent()).not.toContain("a");
});
