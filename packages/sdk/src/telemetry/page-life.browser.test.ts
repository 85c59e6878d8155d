import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { batch, idsIn } from "./batch.fixture.ts";
import { leftBatches } from "./left.fixture.ts";
import { hide, ReporterStage, recordFirst, subject, TELEMETRY } from "./reporter.fixture.ts";

let stage: ReporterStage;

beforeEach(async () => {
  stage = await ReporterStage.start();
});

afterEach(() => stage.end());

describe("as the page goes away", () => {
  test("what no collector has acknowledged is sent by the page, under the id it has in the outbox", async () => {
    stage.answer = () => new Response("", { status: 500 });
    stage.open();
    await recordFirst(stage.reporter);
    stage.reporter.recorder.predicted(subject, 2);
    dispatchEvent(new Event("pagehide"));
    const last = () => stage.received.filter(({ init }) => init.keepalive);
    await eventually(() => expect(last()).toHaveLength(1));
    expect(last()[0]).toMatchObject({
      url: `${TELEMETRY.endpoint}/metrics`,
      init: { method: "POST", headers: { "x-token": "secret" } },
    });
    await eventually(async () => expect(await stage.waiting()).toBe(1));
    const [left] = await leftBatches();
    const ids = last().flatMap(({ request }) => idsIn(request));
    expect(idsIn(left?.batch ?? batch("none"))).toEqual(ids);
  });

  test("what was acknowledged is not sent again", async () => {
    stage.open();
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect(stage.received).toHaveLength(1);
  });

  test("no more than 60 KB are sent, which is what browsers allow", async () => {
    stage.open();
    await recordFirst(stage.reporter);
    const large = "x".repeat(9 * 1024);
    stage.answer = () => new Promise(() => undefined);
    for (let i = 0; i < 10; i++) await stage.reporter.send(batch(`${i}`, large));
    stage.received.length = 0;
    dispatchEvent(new Event("pagehide"));
    await eventually(() => expect(stage.received).not.toEqual([]));
    const sent = stage.received.reduce((sum, { init }) => sum + String(init.body).length, 0);
    expect(sent).toBeGreaterThan(40 * 1024);
    expect(sent).toBeLessThanOrEqual(60 * 1024);
  });

  test("what was measured elsewhere and not handed over goes with it, and is stored once", async () => {
    stage.open();
    await recordFirst(stage.reporter);
    await stage.reporter.flush();
    stage.received.length = 0;
    let counted = [batch("distributions")];
    stage.reporter.onLeave = () => counted.splice(0);
    stage.answer = () => Promise.reject(new TypeError("there is no network"));
    dispatchEvent(new Event("pagehide"));
    hide();
    await eventually(() => expect(stage.requests().flatMap(idsIn)).toContain("distributions"));
    await eventually(async () => expect(await stage.waiting()).toBe(1));
    counted = [batch("of one who wants none")];
    await stage.reporter.disable();
    dispatchEvent(new Event("pagehide"));
    expect(counted).toHaveLength(1);
  });

  test("the store is asked nothing by a page that is hidden as it goes, until it is back: it may be kept half way", async () => {
    stage.open();
    await recordFirst(stage.reporter);
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    const asking = () => opened.mock.calls.filter(([names]) => String(names).includes("telemetry"));
    dispatchEvent(new Event("pagehide"));
    hide();
    await eventually(async () => expect(await stage.waiting()).toBe(1));
    expect(asking()).toEqual([]);
    dispatchEvent(new Event("pageshow"));
    hide();
    await eventually(() => expect(asking()).not.toEqual([]));
  });

  test("before it has what stores and sends, it asks the store nothing, and has it all should it come back", async () => {
    stage.open();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    stage.reporter.recorder.predicted(subject, 1);
    dispatchEvent(new Event("pagehide"));
    hide();
    await new Promise((resolve) => setTimeout(resolve));
    expect(opened).not.toHaveBeenCalled();
    dispatchEvent(new Event("pageshow"));
    await stage.reporter.flush();
    expect(stage.received).toHaveLength(1);
  });

  test("what it left is sent as it comes back: there may be no other page", async () => {
    stage.open();
    await recordFirst(stage.reporter);
    stage.answer = () => Promise.reject(new TypeError("there is no network"));
    dispatchEvent(new Event("pagehide"));
    await eventually(async () => expect(await stage.waiting()).toBe(1));
    stage.answer = () => new Response("{}");
    stage.received.length = 0;
    dispatchEvent(new Event("pageshow"));
    await eventually(async () => expect(await stage.waiting()).toBe(0));
    expect(stage.requests().flatMap(idsIn)).toHaveLength(1);
  });

  test("nothing is sent to a collector that asked to be left alone", async () => {
    stage.answer = () => new Response("", { status: 429, headers: { "Retry-After": "60" } });
    stage.open();
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    stage.reporter.recorder.predicted(subject, 1);
    dispatchEvent(new Event("pagehide"));
    await eventually(async () => expect(await stage.waiting()).toBe(2));
    expect(stage.received).toHaveLength(1);
  });
});

test("a page that is hidden stores at once, and has the browser send it", async () => {
  stage.open();
  await recordFirst(stage.reporter);
  hide();
  await eventually(() => expect(stage.received).toHaveLength(1));
  expect(stage.received[0]?.init.keepalive).toBe(true);
  await eventually(async () => expect(await stage.waiting()).toBe(0));
});

test("a page that is frozen has the browser send it before anything comes back, and keeps a copy", async () => {
  stage.open();
  await recordFirst(stage.reporter);
  document.dispatchEvent(new Event("freeze"));
  await eventually(() => expect(stage.received).toHaveLength(1));
  expect(stage.received[0]?.init.keepalive).toBe(true);
  await eventually(async () => expect(await stage.waiting()).toBe(1));
});
