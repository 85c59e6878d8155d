import { BATCH_ID, type OtlpMetricsRequest } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KeeperClient } from "../worker/keeper-client.ts";
import { scriptedWorker } from "../worker/scripted-worker.fixture.ts";
import { Reporter } from "./reporter.ts";

const TELEMETRY = { endpoint: "https://collector.test/v1", headers: { "x-token": "secret" } };
const subject = { model: "ocr-rec", version: "1.0.0", dtype: "fp32", backend: "wasm" };

/** A keeper that says, asked for its size, how many batches it was given and how often to flush. */
const KEEPER = `
  start: () => { globalThis.batches = 0; globalThis.flushes = 0; },
  enqueue: () => { batches += 1; return { ok: true }; },
  flush: () => { flushes += 1; return { ok: true }; },
  size: () => ({ ok: true, value: 1000 * batches + flushes }),
`;
const REFUSING = `
  start: () => undefined,
  enqueue: () => ({ ok: false, error: { name: "SelvedgeError", code: "storage-full", message: "" } }),
`;
const SILENT = "start: () => undefined, enqueue: () => new Promise(() => {}),";

let spawn: ReturnType<typeof vi.fn<() => Worker>>;
let keeper: KeeperClient;
let reporter: Reporter;
let leaving: { url: string; init: RequestInit }[];

/** Records something, and waits for what a page has loaded well before it goes away. */
async function recordFirst(): Promise<void> {
  reporter.recorder.predicted(subject, 1);
  await import("./to-batch.ts");
  await new Promise((resolve) => setTimeout(resolve));
}

function reportTo(script: string, telemetry: typeof TELEMETRY | undefined = TELEMETRY): void {
  spawn = vi.fn(() => scriptedWorker(script));
  keeper = new KeeperClient(spawn, { registry: "https://registry.test/" });
  reporter = new Reporter(keeper, { telemetry, service: "shop" });
}

beforeEach(() => {
  leaving = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    leaving.push({ url, init });
    return new Response("{}");
  });
});

afterEach(() => {
  reporter.end();
  keeper.end(new Error("the test is over"));
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const handedOver = () => keeper.call((remote, call) => remote.size(call));
const bodies = () => leaving.map(({ init }): OtlpMetricsRequest => JSON.parse(String(init.body)));
const idOf = ({ resourceMetrics }: OtlpMetricsRequest) =>
  resourceMetrics[0]?.resource?.attributes?.find(({ key }) => key === BATCH_ID)?.value.stringValue;

test("flushing hands over what was recorded as one batch, and has it sent", async () => {
  reportTo(KEEPER);
  reporter.recorder.predicted(subject, 1);
  reporter.recorder.predicted(subject, 2);
  await reporter.flush();
  expect(await handedOver()).toBe(1001);
  await reporter.flush();
  expect(await handedOver()).toBe(1002);
});

test("a flush that is aborted rejects, though the keeper never answers", async () => {
  reportTo(SILENT);
  reporter.recorder.predicted(subject, 1);
  await expect(reporter.flush(AbortSignal.timeout(20))).rejects.toMatchObject({
    name: "TimeoutError",
  });
});

describe("by itself", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });

  test("it hands over what gathered in five seconds", async () => {
    reportTo(KEEPER);
    reporter.recorder.predicted(subject, 1);
    await vi.advanceTimersByTimeAsync(4900);
    expect(spawn).not.toHaveBeenCalled();
    reporter.recorder.predicted(subject, 1);
    await import("./to-batch.ts");
    await vi.advanceTimersByTimeAsync(200);
    expect(await handedOver()).toBe(1000);
  });

  test("without telemetry it starts nothing, and sends nothing as the page goes", async () => {
    spawn = vi.fn(() => scriptedWorker(KEEPER));
    keeper = new KeeperClient(spawn, { registry: "https://registry.test/" });
    reporter = new Reporter(keeper, { telemetry: undefined, service: "shop" });
    reporter.recorder.predicted(subject, 1);
    await vi.advanceTimersByTimeAsync(60_000);
    await reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect(spawn).not.toHaveBeenCalled();
    expect(leaving).toEqual([]);
  });

  test("after its end it hands over nothing more, whatever is recorded", async () => {
    reportTo(KEEPER);
    reporter.recorder.predicted(subject, 1);
    reporter.end();
    reporter.recorder.take();
    reporter.recorder.failed(subject, "predict", "disposed");
    await vi.advanceTimersByTimeAsync(60_000);
    dispatchEvent(new Event("pagehide"));
    expect(spawn).not.toHaveBeenCalled();
    expect(leaving).toEqual([]);
  });
});

describe("as the page goes away", () => {
  test("what the keeper has not confirmed is sent by the page, under the id it has there", async () => {
    reportTo(SILENT);
    await recordFirst();
    void reporter.flush().catch(() => undefined);
    reporter.recorder.predicted(subject, 2);
    dispatchEvent(new Event("pagehide"));
    expect(leaving.map(({ url }) => url)).toEqual(Array(2).fill(`${TELEMETRY.endpoint}/metrics`));
    expect(leaving[0]?.init).toMatchObject({
      method: "POST",
      keepalive: true,
      headers: { "x-token": "secret", "content-type": "application/json" },
    });
    const ids = bodies().map(idOf);
    expect(ids).toEqual([expect.any(String), expect.any(String)]);
    expect(new Set(ids).size).toBe(2);
  });

  test("what the keeper has confirmed is not sent again", async () => {
    reportTo(KEEPER);
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect(leaving).toEqual([]);
  });

  test("no more than 60 KB are sent, which is what browsers allow", async () => {
    reportTo(SILENT);
    await recordFirst();
    for (let i = 0; i < 16; i++) {
      for (let version = 0; version < 20; version++)
        reporter.recorder.predicted({ ...subject, version: `${version}` }, 1);
      void reporter.flush().catch(() => undefined);
    }
    dispatchEvent(new Event("pagehide"));
    const sent = leaving.reduce((sum, { init }) => sum + String(init.body).length, 0);
    expect(sent).toBeGreaterThan(1000);
    expect(sent).toBeLessThanOrEqual(60 * 1024);
  });

  test("a keeper that refuses for hours does not make the page hoard: the last 16 batches are kept", async () => {
    reportTo(REFUSING);
    for (let i = 0; i < 40; i++) {
      reporter.recorder.failed({ model: `m${i}` }, "load", "storage-full");
      await reporter.flush().catch(() => undefined);
    }
    dispatchEvent(new Event("pagehide"));
    expect(leaving).toHaveLength(16);
    expect(String(leaving.at(-1)?.init.body)).toContain("m39");
  });
});

test("a page that is hidden hands over at once, and is not taken to go away", async () => {
  reportTo(KEEPER);
  reporter.recorder.predicted(subject, 1);
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  await vi.waitFor(async () => expect(await handedOver()).toBe(1000));
  expect(leaving).toEqual([]);
  vi.restoreAllMocks();
});
