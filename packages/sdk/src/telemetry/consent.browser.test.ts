import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { batch, idsIn } from "./batch.fixture.ts";
import { HeldCalls } from "./held-calls.ts";
import { Outbox } from "./outbox.ts";
import {
  hide,
  ReporterStage,
  recordFirst,
  refuseStorage,
  subject,
  TELEMETRY,
} from "./reporter.fixture.ts";
import type { Reporter } from "./reporter.ts";
import { servedFor } from "./served.fixture.ts";

let stage: ReporterStage;

beforeEach(async () => {
  stage = await ReporterStage.start();
});

afterEach(() => stage.end());

describe("consent", () => {
  test("is taken as given unless it is required or was withdrawn", async () => {
    stage.open();
    expect(stage.reporter.state).toBe("unknown");
    stage.reporter.prepare();
    await eventually(() => expect(stage.reporter.state).toBe("enabled"));
  });

  test("that is required and was not given: nothing is recorded, stored or sent", async () => {
    stage.open({ consent: "required" });
    stage.reporter.prepare();
    stage.reporter.recorder.predicted(subject, 1);
    await eventually(() => expect(stage.reporter.state).toBe("disabled"));
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    await stage.reporter.send(batch("a"));
    hide();
    dispatchEvent(new Event("pagehide"));
    expect(stage.reporter.recorder.take()).toBeUndefined();
    expect(await stage.waiting()).toBe(0);
    expect(stage.received).toEqual([]);
  });

  test("once given is remembered by the next page", async () => {
    await stage.open({ consent: "required" }).enable();
    expect(stage.reporter.state).toBe("enabled");
    stage.reporter.end();
    stage.open({ consent: "required" }).prepare();
    await eventually(() => expect(stage.reporter.state).toBe("enabled"));
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect(stage.received).toHaveLength(1);
  });

  test("given lets a page go away right after it: what it measured is not lost, whatever was erased before", async () => {
    await stage.open({ consent: "required" }).erase();
    stage.reporter.end();
    stage.answer = () => Promise.reject(new TypeError("there is no network"));
    stage.open({ consent: "required" });
    const enabling = stage.reporter.enable();
    // As soon as it may: no page knows how long it has.
    while (stage.reporter.state !== "enabled") await new Promise((resolve) => setTimeout(resolve));
    stage.reporter.recorder.predicted(subject, 1);
    dispatchEvent(new Event("pagehide"));
    await enabling;
    await eventually(async () => expect(await stage.waiting()).toBe(1));
    stage.reporter.end();
    stage.answer = () => new Response("{}");
    stage.received.length = 0;
    await stage.open({ consent: "required" }).flush();
    expect(stage.requests().flatMap(idsIn)).not.toEqual([]);
  });

  test.each([["given", "granted"] as const, ["withdrawn", "denied"] as const])(
    "%s is asked of the store at once, as its page may be going elsewhere with that",
    async (_how, choice) => {
      stage.open();
      await recordFirst(stage.reporter);
      const commits = vi.spyOn(IDBTransaction.prototype, "commit");
      const said = choice === "granted" ? stage.reporter.enable() : stage.reporter.disable();
      // Nothing but what the page itself is at now: no answer of the store's can have come.
      for (let i = 0; i < 20; i++) await Promise.resolve();
      expect(commits).toHaveBeenCalledOnce();
      await said;
      expect(await stage.remembered()).toBe(choice);
    },
  );

  test("withdrawn stops everything at once, and is remembered by the next page", async () => {
    stage.open();
    await recordFirst(stage.reporter);
    await stage.reporter.send(batch("stays"));
    stage.reporter.recorder.predicted(subject, 1);
    const before = stage.received.length;
    const disabling = stage.reporter.disable();
    expect(stage.reporter.state).toBe("disabled");
    stage.reporter.recorder.predicted(subject, 1);
    await disabling;
    await stage.reporter.flush();
    dispatchEvent(new Event("pagehide"));
    expect(stage.received).toHaveLength(before);
    expect(stage.reporter.recorder.take()).toBeUndefined();
    stage.reporter.end();
    stage.open().recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect(stage.reporter.state).toBe("disabled");
    expect(stage.received).toHaveLength(before);
  });

  test("withdrawn in one tab holds in the other with its next batch", async () => {
    const other = stage.open();
    await recordFirst(stage.reporter);
    await stage.open().disable();
    await other.flush();
    expect(other.state).toBe("disabled");
    expect(stage.received).toEqual([]);
    expect(await stage.waiting()).toBe(0);
  });

  test("withdrawn on a page without an endpoint holds on one that has one", async () => {
    await stage.open("off").disable();
    expect(await stage.remembered()).toBe("denied");
    stage.open().recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect([stage.reporter.state, stage.received]).toEqual(["disabled", []]);
    await stage.open("off").enable();
    expect(await stage.remembered()).toBe("granted");
  });

  test("withdrawn holds where the store can be read and takes nothing more", async () => {
    await new Outbox(stage.database, TELEMETRY).choose("denied");
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    });
    stage.open().recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect(put).toHaveBeenCalled();
    dispatchEvent(new Event("pagehide"));
    expect([stage.reporter.state, stage.received]).toEqual(["disabled", []]);
  });

  test.each(["UnknownError", "QuotaExceededError", "VersionError"])(
    "is not taken as given where a store that is there cannot be read (%s)",
    async (name) => {
      vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
        throw new DOMException("it cannot be read", name);
      });
      stage.open().recorder.predicted(subject, 1);
      await stage.reporter.flush();
      dispatchEvent(new Event("pagehide"));
      expect([stage.reporter.state, stage.received]).toEqual(["disabled", []]);
    },
  );

  test("given and withdrawn in one breath is withdrawn, and the other way round given", async () => {
    stage.open();
    const states: string[] = [];
    const enabling = stage.reporter.enable().then(() => states.push(stage.reporter.state));
    const disabling = stage.reporter.disable();
    await Promise.all([enabling, disabling]);
    expect([...states, stage.reporter.state, await stage.remembered()]).toEqual([
      "disabled",
      "disabled",
      "denied",
    ]);
    await Promise.all([stage.reporter.disable(), stage.reporter.enable()]);
    expect([stage.reporter.state, await stage.remembered()]).toEqual(["enabled", "granted"]);
  });

  test("withdrawn holds on this page where it cannot be remembered, and says so", async () => {
    refuseStorage();
    stage.open();
    await recordFirst(stage.reporter);
    const disabling = stage.reporter.disable();
    expect(stage.reporter.state).toBe("disabled");
    await expect(disabling).rejects.toMatchObject({ code: "storage-unavailable" });
    expect(stage.reporter.state).toBe("disabled");
  });

  test("withdrawn, here or in another tab, has those told who keep what was measured", async () => {
    const forget = vi.fn();
    const other = stage.open();
    other.onForget = forget;
    await recordFirst(stage.reporter);
    expect(forget).not.toHaveBeenCalled();
    await stage.open().disable();
    await eventually(() => expect(forget).toHaveBeenCalled());
    forget.mockClear();
    void other.disable();
    expect(forget).toHaveBeenCalledOnce();
  });

  describe("for whoever watches calls", () => {
    const watcher = vi.fn();
    const y = { type: "float32", data: Float32Array.of(1), dims: [1] } as const;
    const answer = () =>
      stage.reporter.answered(
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
      stage.open({ consent: "required" }).watch(watcher);
      answer();
      await stage.reporter.flush();
      expect(watcher).not.toHaveBeenCalled();
      await stage.reporter.enable();
      answer();
      expect(watcher).toHaveBeenCalledOnce();
    });

    test("that is still to be read leaves it to them to wait", async () => {
      const states: string[] = [];
      stage.open().watch(() => states.push(stage.reporter.state));
      answer();
      await stage.reporter.read();
      answer();
      expect(states).toEqual(["unknown", "enabled"]);
    });

    test("is theirs to break: whoever throws fails no call, and silences nobody", () => {
      stage.open("off").watch(() => {
        throw new Error("a fault of the watcher");
      });
      stage.reporter.watch(watcher);
      expect(answer()).toEqual({});
      expect(watcher).toHaveBeenCalledOnce();
    });

    test("that was never asked for lets a page without telemetry be, once that has been read", async () => {
      watchHeld(stage.open("off"));
      answer();
      await eventually(() => expect(watcher).toHaveBeenCalledOnce());
      answer();
      expect(watcher).toHaveBeenCalledTimes(2);
      expect(stage.reporter.state).toBe("off");
    });

    test("that was withdrawn silences them on a page without telemetry too, and on the next", async () => {
      watchHeld(stage.open("off"));
      await stage.reporter.disable();
      answer();
      watchHeld(stage.open("off"));
      answer();
      await eventually(() => expect(stage.reporter.state).toBe("disabled"));
      answer();
      await new Promise((resolve) => setTimeout(resolve));
      expect(watcher).not.toHaveBeenCalled();
      await stage.reporter.enable();
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
    stage.open();
    expect(stage.reporter.state).toBe("refused");
    stage.reporter.recorder.predicted(subject, 1);
    expect(stage.reporter.begin("predict", {})).toBeUndefined();
    await stage.reporter.flush();
    await stage.reporter.enable();
    await stage.reporter.send(batch("a"));
    await stage.reporter.flush();
    expect(stage.reporter.state).toBe("refused");
    expect(await stage.waiting()).toBe(0);
    expect(stage.received).toEqual([]);
  });

  test("is not, where the page says so", async () => {
    stage.open({ respectPrivacySignals: false });
    stage.reporter.recorder.predicted(subject, 1);
    await stage.reporter.flush();
    expect(stage.received).toHaveLength(1);
  });

  test("has nothing to do with the page's own tracer, which is asked as ever", () => {
    const end = vi.fn();
    const none = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };
    const span = { spanContext: () => none, setAttributes: end, setStatus: end, end };
    const tracer = { startSpan: vi.fn(() => span) };
    stage.open({}, { tracing: { sample: 1, tracer } });
    stage.reporter.begin("predict", {})?.end({});
    expect(tracer.startSpan).toHaveBeenCalledOnce();
    expect(end).toHaveBeenCalledOnce();
  });
});
