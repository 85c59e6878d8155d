import type { OtlpBatch } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { batch, dropsIn, idsIn } from "./batch.fixture.ts";
import type { Choice } from "./choice.ts";
import { collectorDouble, type Received } from "./collector.fixture.ts";
import { HeldCalls } from "./held-calls.ts";
import { leftBatches } from "./left.fixture.ts";
import { Outbox } from "./outbox.ts";
import { Reporter } from "./reporter.ts";
import type { TelemetrySettings } from "./reporter-settings.ts";
import { servedFor } from "./served.fixture.ts";

const TELEMETRY: TelemetrySettings = {
  endpoint: "https://collector.test/v1",
  headers: { "x-token": "secret" },
  maxBytes: 5 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60_000,
  consent: "granted",
  respectPrivacySignals: true,
};
const subject = { model: "ocr-rec", version: "1.0.0", dtype: "fp32", backend: "wasm" };

let database: Database;
let reporter: Reporter;
let received: Received[];
let answer: (one: Received) => Response | Promise<Response>;
let reporters: Reporter[];

beforeEach(async () => {
  database = await freshDatabase();
  reporters = [];
  answer = () => new Response("{}");
  received = collectorDouble((one) => answer(one));
});

afterEach(async () => {
  for (const one of reporters) one.end();
  await database.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function open(settings: Partial<TelemetrySettings> | "off" = {}): Reporter {
  const telemetry = settings === "off" ? undefined : { ...TELEMETRY, ...settings };
  reporter = new Reporter({ telemetry, service: "shop" });
  reporters.push(reporter);
  return reporter;
}

/** Records something, and waits for what a page has loaded well before it goes away. */
async function recordFirst(): Promise<void> {
  reporter.recorder.predicted(subject, 1);
  await vi.waitFor(() => expect(reporter.state).not.toBe("unknown"));
  await new Promise((resolve) => setTimeout(resolve));
}

const texts = () => received.map(({ request }) => JSON.stringify(request));
/** How many batches the store has, those included that pages left as they went away. */
const waiting = async () => {
  const left = await leftBatches();
  return left.length + (await database.use("testing", (connection) => connection.count("outbox")));
};
const requests = (): OtlpBatch[] => received.map(({ request }) => request);
const remembered = (): Promise<Choice | undefined> => new Outbox(database, TELEMETRY).look();
const hide = () => {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
};

function refuseStorage(): void {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    throw new DOMException("access denied", "SecurityError");
  });
}

test("flushing hands over what was recorded as one batch, and has it sent", async () => {
  open();
  reporter.recorder.predicted(subject, 1);
  reporter.recorder.predicted(subject, 2);
  await reporter.flush();
  expect(requests().map(idsIn)).toEqual([[expect.any(String)]]);
  await reporter.flush();
  expect(received).toHaveLength(1);
});

test("a flush that is aborted rejects, though the collector never answers", async () => {
  answer = () => new Promise(() => undefined);
  open();
  reporter.recorder.predicted(subject, 1);
  await expect(reporter.flush(AbortSignal.timeout(50))).rejects.toMatchObject({
    name: "TimeoutError",
  });
});

test("an app that throws when it is told of requests stops none of them", async () => {
  const onSend = vi.fn(() => {
    throw new Error("a fault of the app");
  });
  reporter = new Reporter({ telemetry: TELEMETRY, service: "shop", onSend });
  reporters.push(reporter);
  for (const count of [1, 2]) {
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    expect([received.length, onSend.mock.calls.length]).toEqual([count, count]);
  }
});

test("what an earlier visit has left waits until the page is calm", async () => {
  await new Outbox(database, TELEMETRY).add(batch("a"));
  let comes: (() => void) | undefined;
  const calm = new Promise<void>((resolve) => {
    comes = resolve;
  });
  open().prepare(calm);
  await reporter.read();
  await waiting();
  expect(received).toEqual([]);
  comes?.();
  await vi.waitFor(() => expect(requests().map(idsIn)).toEqual([["a"]]));
});

describe("by itself", () => {
  const fakeTime = () => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });

  test("it stores what gathered in five seconds, and sends it", async () => {
    open().prepare();
    await vi.waitFor(() => expect(reporter.state).toBe("enabled"));
    fakeTime();
    reporter.recorder.predicted(subject, 1);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await waiting()).toBe(0);
    await vi.advanceTimersByTimeAsync(200);
    await vi.waitFor(() => expect(received).toHaveLength(1));
  });

  test("without telemetry it stores nothing, and sends nothing as the page goes", async () => {
    open("off");
    fakeTime();
    const openings = vi.spyOn(IDBFactory.prototype, "open");
    reporter.prepare();
    reporter.recorder.predicted(subject, 1);
    await vi.advanceTimersByTimeAsync(60_000);
    await reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect([openings.mock.calls, received, reporter.state]).toEqual([[], [], "off"]);
  });

  test("after its end it hands over nothing more, whatever is recorded", async () => {
    open().prepare();
    await vi.waitFor(() => expect(reporter.state).toBe("enabled"));
    fakeTime();
    reporter.recorder.predicted(subject, 1);
    reporter.end();
    reporter.recorder.take();
    reporter.recorder.failed(subject, "predict", "disposed");
    await vi.advanceTimersByTimeAsync(60_000);
    dispatchEvent(new Event("pagehide"));
    expect(received).toEqual([]);
    expect(await waiting()).toBe(0);
  });
});

describe("as the page goes away", () => {
  test("what no collector has acknowledged is sent by the page, under the id it has in the outbox", async () => {
    answer = () => new Response("", { status: 500 });
    open();
    await recordFirst();
    reporter.recorder.predicted(subject, 2);
    dispatchEvent(new Event("pagehide"));
    const last = () => received.filter(({ init }) => init.keepalive);
    await vi.waitFor(() => expect(last()).toHaveLength(1));
    expect(last()[0]).toMatchObject({
      url: `${TELEMETRY.endpoint}/metrics`,
      init: { method: "POST", headers: { "x-token": "secret" } },
    });
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    const [left] = await leftBatches();
    const ids = last().flatMap(({ request }) => idsIn(request));
    expect(idsIn(left?.batch ?? batch("none"))).toEqual(ids);
  });

  test("what was acknowledged is not sent again", async () => {
    open();
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect(received).toHaveLength(1);
  });

  test("no more than 60 KB are sent, which is what browsers allow", async () => {
    open();
    await recordFirst();
    const large = "x".repeat(9 * 1024);
    answer = () => new Promise(() => undefined);
    for (let i = 0; i < 10; i++) await reporter.send(batch(`${i}`, large));
    received.length = 0;
    dispatchEvent(new Event("pagehide"));
    await vi.waitFor(() => expect(received).not.toEqual([]));
    const sent = received.reduce((sum, { init }) => sum + String(init.body).length, 0);
    expect(sent).toBeGreaterThan(40 * 1024);
    expect(sent).toBeLessThanOrEqual(60 * 1024);
  });

  test("what was measured elsewhere and not handed over goes with it, and is stored once", async () => {
    open();
    await recordFirst();
    await reporter.flush();
    received.length = 0;
    let counted = [batch("distributions")];
    reporter.onLeave = () => counted.splice(0);
    answer = () => Promise.reject(new TypeError("there is no network"));
    dispatchEvent(new Event("pagehide"));
    hide();
    await vi.waitFor(() => expect(requests().flatMap(idsIn)).toContain("distributions"));
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    counted = [batch("of one who wants none")];
    await reporter.disable();
    dispatchEvent(new Event("pagehide"));
    expect(counted).toHaveLength(1);
  });

  test("the store is asked nothing by a page that is hidden as it goes, until it is back: it may be kept half way", async () => {
    open();
    await recordFirst();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    const asking = () => opened.mock.calls.filter(([names]) => String(names).includes("telemetry"));
    dispatchEvent(new Event("pagehide"));
    hide();
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    expect(asking()).toEqual([]);
    dispatchEvent(new Event("pageshow"));
    hide();
    await vi.waitFor(() => expect(asking()).not.toEqual([]));
  });

  test("before it has what stores and sends, it asks the store nothing, and has it all should it come back", async () => {
    open();
    const opened = vi.spyOn(IDBDatabase.prototype, "transaction");
    reporter.recorder.predicted(subject, 1);
    dispatchEvent(new Event("pagehide"));
    hide();
    await new Promise((resolve) => setTimeout(resolve));
    expect(opened).not.toHaveBeenCalled();
    dispatchEvent(new Event("pageshow"));
    await reporter.flush();
    expect(received).toHaveLength(1);
  });

  test("what it left is sent as it comes back: there may be no other page", async () => {
    open();
    await recordFirst();
    answer = () => Promise.reject(new TypeError("there is no network"));
    dispatchEvent(new Event("pagehide"));
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    answer = () => new Response("{}");
    received.length = 0;
    dispatchEvent(new Event("pageshow"));
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    expect(requests().flatMap(idsIn)).toHaveLength(1);
  });

  test("nothing is sent to a collector that asked to be left alone", async () => {
    answer = () => new Response("", { status: 429, headers: { "Retry-After": "60" } });
    open();
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    reporter.recorder.predicted(subject, 1);
    dispatchEvent(new Event("pagehide"));
    await vi.waitFor(async () => expect(await waiting()).toBe(2));
    expect(received).toHaveLength(1);
  });
});

test("a page that is hidden stores at once, and has the browser send it", async () => {
  open();
  await recordFirst();
  hide();
  await vi.waitFor(() => expect(received).toHaveLength(1));
  expect(received[0]?.init.keepalive).toBe(true);
  await vi.waitFor(async () => expect(await waiting()).toBe(0));
});

test("a page that is frozen has the browser send it before anything comes back, and keeps a copy", async () => {
  open();
  await recordFirst();
  document.dispatchEvent(new Event("freeze"));
  await vi.waitFor(() => expect(received).toHaveLength(1));
  expect(received[0]?.init.keepalive).toBe(true);
  await vi.waitFor(async () => expect(await waiting()).toBe(1));
});

describe("where the store is refused", () => {
  beforeEach(refuseStorage);

  test("what is measured is sent all the same", async () => {
    open();
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    expect(requests().flatMap(idsIn)).toHaveLength(1);
    await reporter.flush();
    expect(received).toHaveLength(1);
  });

  test("the page does not hoard: the last 16 batches are kept, and the others told as dropped", async () => {
    answer = () => Promise.reject(new TypeError("there is no network"));
    open();
    await recordFirst();
    reporter.recorder.take();
    for (let i = 0; i < 40; i++) await reporter.send(batch(`m${i}`));
    received.length = 0;
    answer = () => new Response("{}");
    await reporter.flush();
    const ids = requests().flatMap(idsIn);
    expect(ids.slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => `m${24 + i}`));
    expect(dropsIn(requests()[0] ?? batch("none"))).toEqual({ unconfirmed: 24 });
  });
});

describe("consent", () => {
  test("is taken as given unless it is required or was withdrawn", async () => {
    open();
    expect(reporter.state).toBe("unknown");
    reporter.prepare();
    await vi.waitFor(() => expect(reporter.state).toBe("enabled"));
  });

  test("that is required and was not given: nothing is recorded, stored or sent", async () => {
    open({ consent: "required" });
    reporter.prepare();
    reporter.recorder.predicted(subject, 1);
    await vi.waitFor(() => expect(reporter.state).toBe("disabled"));
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    await reporter.send(batch("a"));
    hide();
    dispatchEvent(new Event("pagehide"));
    expect(reporter.recorder.take()).toBeUndefined();
    expect(await waiting()).toBe(0);
    expect(received).toEqual([]);
  });

  test("once given is remembered by the next page", async () => {
    await open({ consent: "required" }).enable();
    expect(reporter.state).toBe("enabled");
    reporter.end();
    open({ consent: "required" }).prepare();
    await vi.waitFor(() => expect(reporter.state).toBe("enabled"));
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    expect(received).toHaveLength(1);
  });

  test("given lets a page go away right after it: what it measured is not lost, whatever was erased before", async () => {
    await open({ consent: "required" }).erase();
    reporter.end();
    answer = () => Promise.reject(new TypeError("there is no network"));
    open({ consent: "required" });
    const enabling = reporter.enable();
    // As soon as it may: no page knows how long it has.
    while (reporter.state !== "enabled") await new Promise((resolve) => setTimeout(resolve));
    reporter.recorder.predicted(subject, 1);
    dispatchEvent(new Event("pagehide"));
    await enabling;
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    reporter.end();
    answer = () => new Response("{}");
    received.length = 0;
    await open({ consent: "required" }).flush();
    expect(requests().flatMap(idsIn)).not.toEqual([]);
  });

  test.each([["given", "granted"] as const, ["withdrawn", "denied"] as const])(
    "%s is asked of the store at once, as its page may be going elsewhere with that",
    async (_how, choice) => {
      open();
      await recordFirst();
      const commits = vi.spyOn(IDBTransaction.prototype, "commit");
      const said = choice === "granted" ? reporter.enable() : reporter.disable();
      // Nothing but what the page itself is at now: no answer of the store's can have come.
      for (let i = 0; i < 20; i++) await Promise.resolve();
      expect(commits).toHaveBeenCalledOnce();
      await said;
      expect(await remembered()).toBe(choice);
    },
  );

  test("withdrawn stops everything at once, and is remembered by the next page", async () => {
    open();
    await recordFirst();
    await reporter.send(batch("stays"));
    reporter.recorder.predicted(subject, 1);
    const before = received.length;
    const disabling = reporter.disable();
    expect(reporter.state).toBe("disabled");
    reporter.recorder.predicted(subject, 1);
    await disabling;
    await reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect(received).toHaveLength(before);
    expect(reporter.recorder.take()).toBeUndefined();
    reporter.end();
    open().recorder.predicted(subject, 1);
    await reporter.flush();
    expect(reporter.state).toBe("disabled");
    expect(received).toHaveLength(before);
  });

  test("withdrawn in one tab holds in the other with its next batch", async () => {
    const other = open();
    await recordFirst();
    await open().disable();
    await other.flush();
    expect(other.state).toBe("disabled");
    expect(received).toEqual([]);
    expect(await waiting()).toBe(0);
  });

  test("withdrawn on a page without an endpoint holds on one that has one", async () => {
    await open("off").disable();
    expect(await remembered()).toBe("denied");
    open().recorder.predicted(subject, 1);
    await reporter.flush();
    expect([reporter.state, received]).toEqual(["disabled", []]);
    await open("off").enable();
    expect(await remembered()).toBe("granted");
  });

  test("withdrawn holds where the store can be read and takes nothing more", async () => {
    await new Outbox(database, TELEMETRY).choose("denied");
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    });
    open().recorder.predicted(subject, 1);
    await reporter.flush();
    expect(put).toHaveBeenCalled();
    dispatchEvent(new Event("pagehide"));
    expect([reporter.state, received]).toEqual(["disabled", []]);
  });

  test.each(["UnknownError", "QuotaExceededError", "VersionError"])(
    "is not taken as given where a store that is there cannot be read (%s)",
    async (name) => {
      vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
        throw new DOMException("it cannot be read", name);
      });
      open().recorder.predicted(subject, 1);
      await reporter.flush();
      dispatchEvent(new Event("pagehide"));
      expect([reporter.state, received]).toEqual(["disabled", []]);
    },
  );

  test("given and withdrawn in one breath is withdrawn, and the other way round given", async () => {
    open();
    const states: string[] = [];
    const enabling = reporter.enable().then(() => states.push(reporter.state));
    const disabling = reporter.disable();
    await Promise.all([enabling, disabling]);
    expect([...states, reporter.state, await remembered()]).toEqual([
      "disabled",
      "disabled",
      "denied",
    ]);
    await Promise.all([reporter.disable(), reporter.enable()]);
    expect([reporter.state, await remembered()]).toEqual(["enabled", "granted"]);
  });

  test("withdrawn holds on this page where it cannot be remembered, and says so", async () => {
    refuseStorage();
    open();
    await recordFirst();
    const disabling = reporter.disable();
    expect(reporter.state).toBe("disabled");
    await expect(disabling).rejects.toMatchObject({ code: "storage-unavailable" });
    expect(reporter.state).toBe("disabled");
  });

  test("withdrawn, here or in another tab, has those told who keep what was measured", async () => {
    const forget = vi.fn();
    const other = open();
    other.onForget = forget;
    await recordFirst();
    expect(forget).not.toHaveBeenCalled();
    await open().disable();
    await vi.waitFor(() => expect(forget).toHaveBeenCalled());
    forget.mockClear();
    void other.disable();
    expect(forget).toHaveBeenCalledOnce();
  });

  describe("for whoever watches calls", () => {
    const watcher = vi.fn();
    const y = { type: "float32", data: Float32Array.of(1), dims: [1] } as const;
    const answer = () =>
      reporter.answered(
        {
          ...{
            id: "a",
            at: 1,
            served: servedFor(0),
            inputs: undefined,
            outputs: { y },
            options: {},
            cohort: "stable",
          },
          timings: { queueMs: 0, runMs: 1, totalMs: 1 },
        },
        { span: undefined, batchSize: 1 },
      );

    /** As a page's calls are watched: none is told of before the choice has been read. */
    const watchHeld = (on: Reporter) => {
      const calls = new HeldCalls(on, [{ wants: () => true, answered: watcher }]);
      on.watch((call) => calls.answered(call));
    };

    beforeEach(() => {
      watcher.mockClear();
    });

    test("that is required silences them until it is given", async () => {
      open({ consent: "required" }).watch(watcher);
      answer();
      await reporter.flush();
      expect(watcher).not.toHaveBeenCalled();
      await reporter.enable();
      answer();
      expect(watcher).toHaveBeenCalledOnce();
    });

    test("that is still to be read leaves it to them to wait", async () => {
      const states: string[] = [];
      open().watch(() => states.push(reporter.state));
      answer();
      await reporter.read();
      answer();
      expect(states).toEqual(["unknown", "enabled"]);
    });

    test("is theirs to break: whoever throws fails no call, and silences nobody", () => {
      open("off").watch(() => {
        throw new Error("a fault of the watcher");
      });
      reporter.watch(watcher);
      expect(answer()).toEqual({});
      expect(watcher).toHaveBeenCalledOnce();
    });

    test("that was never asked for lets a page without telemetry be, once that has been read", async () => {
      watchHeld(open("off"));
      answer();
      await vi.waitFor(() => expect(watcher).toHaveBeenCalledOnce());
      answer();
      expect(watcher).toHaveBeenCalledTimes(2);
      expect(reporter.state).toBe("off");
    });

    test("that was withdrawn silences them on a page without telemetry too, and on the next", async () => {
      watchHeld(open("off"));
      await reporter.disable();
      answer();
      watchHeld(open("off"));
      answer();
      await vi.waitFor(() => expect(reporter.state).toBe("disabled"));
      answer();
      await new Promise((resolve) => setTimeout(resolve));
      expect(watcher).not.toHaveBeenCalled();
      await reporter.enable();
      answer();
      expect(watcher).toHaveBeenCalledOnce();
    });
  });
});

describe.each([
  ["Global Privacy Control", { globalPrivacyControl: true }],
  ["Do-Not-Track", { doNotTrack: "1" }],
])("a browser that says %s", (_name, signal) => {
  beforeEach(() => {
    for (const [name, value] of Object.entries(signal))
      Object.defineProperty(navigator, name, { value, configurable: true });
  });

  afterEach(() => {
    for (const name of Object.keys(signal)) Reflect.deleteProperty(navigator, name);
  });

  test("is heeded, also by a page that turns telemetry on", async () => {
    open();
    expect(reporter.state).toBe("refused");
    reporter.recorder.predicted(subject, 1);
    expect(reporter.begin("predict", {})).toBeUndefined();
    await reporter.flush();
    await reporter.enable();
    await reporter.send(batch("a"));
    await reporter.flush();
    expect(reporter.state).toBe("refused");
    expect(await waiting()).toBe(0);
    expect(received).toEqual([]);
  });

  test("is not, where the page says so", async () => {
    open({ respectPrivacySignals: false });
    reporter.recorder.predicted(subject, 1);
    await reporter.flush();
    expect(received).toHaveLength(1);
  });

  test("has nothing to do with the page's own tracer, which is asked as ever", () => {
    const end = vi.fn();
    const none = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };
    const span = { spanContext: () => none, setAttributes: end, setStatus: end, end };
    const tracer = { startSpan: vi.fn(() => span) };
    reporter = new Reporter({
      telemetry: TELEMETRY,
      service: "shop",
      tracing: { sample: 1, tracer },
    });
    reporters.push(reporter);
    reporter.begin("predict", {})?.end({});
    expect(tracer.startSpan).toHaveBeenCalledOnce();
    expect(end).toHaveBeenCalledOnce();
  });
});

describe("erasing", () => {
  test("deletes what was recorded and what waits, and leaves the choice alone", async () => {
    open();
    await recordFirst();
    answer = () => new Response("", { status: 503 });
    await reporter.flush();
    reporter.recorder.predicted({ ...subject, model: "secret" }, 1);
    await reporter.disable();
    await reporter.erase();
    dispatchEvent(new Event("pagehide"));
    expect(await waiting()).toBe(0);
    expect(await remembered()).toBe("denied");
    expect(texts().join()).not.toContain("secret");
  });

  test("in one tab reaches another, which sends nothing of before on its way out", async () => {
    const forget = vi.fn();
    answer = () => Promise.reject(new TypeError("there is no network"));
    const other = open();
    other.onForget = forget;
    await recordFirst();
    await other.send(batch("stored before"));
    // What is on its way is not called back.
    await vi.waitFor(() => expect(texts().join()).toContain("stored before"));
    await open("off").erase();
    await other.send(batch("measured before"));
    expect(forget).toHaveBeenCalledOnce();
    await other.send(batch("after"));
    received.length = 0;
    dispatchEvent(new Event("pagehide"));
    await vi.waitFor(() => expect(requests().flatMap(idsIn)).toContain("after"));
    expect(texts().join()).not.toMatch(/before/);
  });

  test("as a page begins keeps nothing from it of what it measures after", async () => {
    open().prepare();
    const erasing = reporter.erase();
    reporter.recorder.predicted(subject, 1);
    await erasing;
    await reporter.flush();
    expect(requests().flatMap(idsIn)).toHaveLength(1);
    expect(requests().map(dropsIn)).toEqual([{}]);
  });

  test("works on a page without telemetry, for what others left", async () => {
    await new Outbox(database, TELEMETRY).add(batch("a"));
    await open("off").erase();
    expect(await waiting()).toBe(0);
  });
});
