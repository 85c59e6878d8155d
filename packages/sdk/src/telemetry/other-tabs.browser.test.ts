import type { OtlpBatch } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { idsIn } from "./batch.fixture.ts";
import { collectorDouble, type Received } from "./collector.fixture.ts";
import { leftBatches } from "./left.fixture.ts";
import { Reporter } from "./reporter.ts";
import type { TelemetrySettings } from "./reporter-settings.ts";

const TELEMETRY: TelemetrySettings = {
  endpoint: "https://collector.test/v1",
  headers: {},
  maxBytes: 5 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60_000,
  consent: "granted",
  respectPrivacySignals: true,
};

let database: Database;
let received: Received[];
let answer: () => Response | Promise<Response>;
let reporters: Reporter[];

beforeEach(async () => {
  database = await freshDatabase();
  reporters = [];
  answer = () => new Response("{}");
  received = collectorDouble(() => answer());
});

afterEach(async () => {
  for (const one of reporters) one.end();
  await database.close();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** What a tab tells with. */
function open(telemetry: TelemetrySettings | undefined): Reporter {
  const reporter = new Reporter({ telemetry, service: "shop" });
  reporters.push(reporter);
  return reporter;
}

const openTab = () => open(TELEMETRY);
const openWithout = () => open(undefined);

const record = ({ recorder }: Reporter, model: string) =>
  recorder.predicted({ model, version: "1.0.0", dtype: "fp32", backend: "wasm" }, 1);

/** A tab that has what it stores and sends with, and has sent what it measured before. */
async function openBusyTab(): Promise<Reporter> {
  const tab = openTab();
  record(tab, "sent");
  await tab.flush();
  received.length = 0;
  return tab;
}

const requests = (): OtlpBatch[] => received.map(({ request }) => request);
const texts = () => received.map(({ request }) => JSON.stringify(request)).join();
const leave = () => dispatchEvent(new Event("pagehide"));

test.each([
  ["with", openTab],
  ["without", openWithout],
])(
  "what is turned off on a page %s an endpoint is off in other tabs: they send nothing as they go away",
  async (_what, openAnother) => {
    const other = await openBusyTab();
    record(other, "measured before");
    await openAnother().disable();
    await vi.waitFor(() => expect(other.state).toBe("disabled"));
    leave();
    expect(await leftBatches()).toEqual([]);
    expect(received).toEqual([]);
  },
);

test.each([
  ["with", openTab],
  ["without", openWithout],
])(
  "what is erased on a page %s an endpoint is not sent by other tabs as they go away, what they measure after is",
  async (_what, openAnother) => {
    const forget = vi.fn();
    const other = await openBusyTab();
    other.onForget = forget;
    record(other, "measured before");
    await openAnother().erase();
    await vi.waitFor(() => expect(forget).toHaveBeenCalledOnce());
    record(other, "measured after");
    answer = () => Promise.reject(new TypeError("there is no network"));
    leave();
    await vi.waitFor(() => expect(texts()).toContain("measured after"));
    const ids = requests().flatMap(idsIn);
    expect(texts()).not.toContain("measured before");
    other.end();
    // What it left is of the time after, to whoever sends it.
    received.length = 0;
    answer = () => new Response("{}");
    const next = openTab();
    await next.flush();
    expect(requests().flatMap(idsIn)).toEqual(expect.arrayContaining(ids));
  },
);

test("a tab that went away and is back hears again, and of what was said meanwhile", async () => {
  const other = await openBusyTab();
  leave();
  dispatchEvent(new Event("pageshow"));
  await openTab().disable();
  await vi.waitFor(() => expect(other.state).toBe("disabled"));
  await other.enable();
  leave();
  await openTab().disable();
  expect(other.state).toBe("enabled");
  dispatchEvent(new Event("pageshow"));
  await vi.waitFor(() => expect(other.state).toBe("disabled"));
});

test("without BroadcastChannel tabs hear of it as they come to the store", async () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  const other = await openBusyTab();
  await openTab().disable();
  await other.flush();
  expect(other.state).toBe("disabled");
});

test("what others say there on the same origin is passed over", async () => {
  const other = await openBusyTab();
  const stranger = new BroadcastChannel("selvedge:telemetry:1");
  for (const news of [null, "denied", { kind: "else" }, { kind: "erased", erasures: "many" }])
    stranger.postMessage(news);
  record(other, "measured");
  await other.flush();
  stranger.close();
  expect([other.state, requests().length]).toEqual(["enabled", 1]);
});
