import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { batch, idsIn } from "./batch.fixture.ts";
import { collectorDouble, type Received } from "./collector.fixture.ts";
import { LazyReporter } from "./lazy-reporter.ts";
import { Outbox } from "./outbox.ts";
import type { ReporterSettings } from "./reporter-settings.ts";

const chunk = vi.hoisted(() => ({ loads: 0, isMissing: false }));

vi.mock("./reporter.ts", async (importOriginal) => {
  const { Reporter: Original } = await importOriginal<typeof import("./reporter.ts")>();
  class Reporter extends Original {
    constructor(...settings: ConstructorParameters<typeof Original>) {
      chunk.loads++;
      if (chunk.isMissing) throw new TypeError("Failed to fetch dynamically imported module");
      super(...settings);
    }
  }
  return { Reporter };
});

const TELEMETRY = {
  endpoint: "https://collector.test/v1",
  headers: {},
  maxBytes: 5 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60_000,
  consent: "granted",
  respectPrivacySignals: true,
} as const;

let database: Database;
let received: Received[];
let reporters: LazyReporter[];

beforeEach(async () => {
  database = await freshDatabase();
  received = collectorDouble();
  reporters = [];
  Object.assign(chunk, { loads: 0, isMissing: false });
});

afterEach(async () => {
  for (const one of reporters) await one.end(0);
  await database.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function open(settings: Partial<ReporterSettings> = {}): LazyReporter {
  const reporter = new LazyReporter({ telemetry: TELEMETRY, service: "shop", ...settings });
  reporters.push(reporter);
  return reporter;
}

const remembered = () => new Outbox(database, TELEMETRY).look();
const text = () => JSON.stringify(received.map(({ request }) => request));
const failures = () => text().match(/selvedge\.failures/g)?.length ?? 0;

test("a page that asks for nothing knows its state, and loads nothing", async () => {
  const signals = { globalPrivacyControl: true, doNotTrack: null };
  const [page, off] = [open(), open({ telemetry: undefined })];
  vi.stubGlobal("navigator", signals);
  const refused = open();
  vi.unstubAllGlobals();
  expect([page, off, refused].map(({ state }) => state)).toEqual(["unknown", "off", "refused"]);
  await Promise.all([off.flush(), refused.flush()]);
  await Promise.all([page, off, refused].map((one) => one.end(1000)));
  expect(chunk.loads).toBe(0);
});

test("before there is a model, it is turned on, and what an earlier visit left is sent", async () => {
  await new Outbox(database, TELEMETRY).add(batch("a"));
  const reporter = open({ telemetry: { ...TELEMETRY, consent: "required" } });
  await reporter.flush();
  expect([reporter.state, received]).toEqual(["disabled", []]);
  await reporter.enable();
  expect([reporter.state, await remembered()]).toEqual(["enabled", "granted"]);
  await reporter.flush();
  expect(received.flatMap(({ request }) => idsIn(request))).toEqual(["a"]);
});

test("it is off before `disable` returns, and stays so though it was being turned on", async () => {
  const reporter = open();
  const enabling = reporter.enable();
  const disabling = reporter.disable();
  expect(reporter.state).toBe("disabled");
  await Promise.all([enabling, disabling]);
  expect([reporter.state, await remembered()]).toEqual(["disabled", "denied"]);
});

test("where the chunk is missing it is off all the same, and remembered when it can be", async () => {
  chunk.isMissing = true;
  const reporter = open();
  await expect(reporter.disable()).rejects.toThrow();
  expect([reporter.state, await remembered()]).toEqual(["disabled", undefined]);
  chunk.isMissing = false;
  await reporter.disable();
  expect(await remembered()).toBe("denied");
});

test("erasing needs no model", async () => {
  await new Outbox(database, TELEMETRY).add(batch("a"));
  await open({ telemetry: undefined }).erase();
  expect(await database.use("testing", (connection) => connection.count("outbox"))).toBe(0);
});

test("a load that fails before anything was loaded is told, with how long it took", async () => {
  const reporter = open();
  const load = reporter.beginLoad({});
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5000);
  const { SelvedgeError } = await import("@selvedge/protocol");
  const error = new SelvedgeError("unsupported", "no WebAssembly");
  load.end({ subject: { model: "tiny" }, error });
  vi.mocked(performance.now).mockReturnValue(performance.now() + 60_000);
  await reporter.flush();
  expect(failures()).toBe(1);
  const [, from = "", to = ""] =
    /"startTimeUnixNano":"(\d+)","endTimeUnixNano":"(\d+)"/.exec(text()) ?? [];
  const seconds = Number((BigInt(to) - BigInt(from)) / 1_000_000n) / 1000;
  expect(seconds).toBeGreaterThanOrEqual(5);
  expect(seconds).toBeLessThan(60);
});

test("a load that began before the user agreed is not told", async () => {
  const reporter = open({ telemetry: { ...TELEMETRY, consent: "required" } });
  const load = reporter.beginLoad({});
  await reporter.enable();
  load.end({ subject: { model: "tiny" } });
  await reporter.flush();
  expect(received).toEqual([]);
});

test("a tracer is asked at once, and its span ends, though the chunk is missing", async () => {
  chunk.isMissing = true;
  const end = vi.fn();
  const none = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };
  const span = { spanContext: () => none, setAttributes: end, setStatus: end, end };
  const tracer = { startSpan: vi.fn(() => span) };
  const load = open({ telemetry: undefined, tracing: { sample: 0, tracer } }).beginLoad({});
  expect(tracer.startSpan).toHaveBeenCalledExactlyOnceWith("selvedge.load", {
    kind: 0,
    startTime: expect.any(Number),
  });
  load.end({});
  await eventually(() => expect(end).toHaveBeenCalledOnce());
});
