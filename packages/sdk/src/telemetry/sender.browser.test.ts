import type { OtlpBatch } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { OwnLocks } from "../tabs/own-locks.ts";
import type { TabLocks } from "../tabs/tab-locks.ts";
import { batch, dropsIn, idsIn, logs, spans } from "./batch.fixture.ts";
import { collectorDouble, type Received } from "./collector.fixture.ts";
import { Outbox } from "./outbox.ts";
import { Sender } from "./sender.ts";

const TARGET = { endpoint: "https://collector.test/v1", headers: { "x-token": "secret" } };
const LIMITS = { maxBytes: 5 * 1024 * 1024, maxAgeMs: 7 * 24 * 60 * 60_000 };

let database: Database;
let outbox: Outbox;
let locks: TabLocks;
let sender: Sender;
/** What the collector was sent, oldest first. */
let received: Received[];
let answer: (one: Received) => Response | Promise<Response>;
let onTaken: ReturnType<typeof vi.fn<(request: OtlpBatch, batches: readonly OtlpBatch[]) => void>>;
let senders: Sender[];

beforeEach(async () => {
  database = await freshDatabase();
  outbox = new Outbox(database, LIMITS);
  locks = new OwnLocks();
  senders = [];
  answer = () => new Response("{}");
  onTaken = vi.fn();
  received = collectorDouble((one) => answer(one));
  // Only what the sender looks at: IndexedDB and streams need the rest as it is.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  sender = openSender();
});

afterEach(() => {
  for (const one of senders) one.end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function openSender(on = outbox): Sender {
  const one = new Sender(on, locks, { ...TARGET, onTaken });
  senders.push(one);
  return one;
}

async function add(...ids: string[]): Promise<void> {
  for (const id of ids) await outbox.add(batch(id));
}

const sent = () => received.map(({ request }) => idsIn(request));

/** Lets time pass, and waits for whatever its timers began. */
async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await idle();
}

/** Waits for what is under way. Whoever comes for a turn next has it after those before them. */
async function idle(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const task = new Promise((resolve) => {
    port1.onmessage = resolve;
  });
  port2.postMessage("a task later");
  await task;
  await locks.run("send", async () => undefined, { signal: new AbortController().signal });
  await outbox.look();
}

const status = (code: number, headers: Record<string, string> = {}) => {
  answer = () => new Response("", { status: code, headers });
};

const isEmpty = () =>
  database.use("testing", async (connection) => (await connection.count("outbox")) === 0);

describe("a request", () => {
  test("is gzipped JSON to the address of its signal, with the headers that were asked for", async () => {
    await add("a");
    await outbox.add(logs("b"));
    await outbox.add(spans("c"));
    await sender.flush();
    expect(received.map(({ url }) => url)).toEqual([
      "https://collector.test/v1/metrics",
      "https://collector.test/v1/logs",
      "https://collector.test/v1/traces",
    ]);
    expect(received.map(({ request }) => request)).toEqual([batch("a"), logs("b"), spans("c")]);
    expect(Object.fromEntries(new Headers(received[0]?.init.headers))).toEqual({
      "content-type": "application/json",
      "content-encoding": "gzip",
      "x-token": "secret",
    });
  });

  test("is plain where the browser cannot compress", async () => {
    vi.stubGlobal("CompressionStream", undefined);
    await add("a");
    await sender.flush();
    expect(received[0]?.init.body).toBe(JSON.stringify(batch("a").body));
    expect(new Headers(received[0]?.init.headers).has("content-encoding")).toBe(false);
  });

  test("holds several batches, each with the resource and the id it has", async () => {
    await add("a", "b", "c");
    await sender.flush();
    const resourceMetrics = ["a", "b", "c"].flatMap((id) => batch(id).body.resourceMetrics);
    const request = { signal: "metrics", body: { resourceMetrics } };
    expect(received.map((one) => one.request)).toEqual([request]);
    expect(onTaken.mock.calls).toEqual([[request, ["a", "b", "c"].map((id) => batch(id))]]);
  });

  test("is acknowledged before its batches leave the outbox, not after", async () => {
    await add("a");
    let acknowledge: () => void = () => undefined;
    answer = () =>
      new Promise((resolve) => {
        acknowledge = () => resolve(new Response("{}"));
      });
    const sending = sender.flush();
    await eventually(() => expect(sent()).toEqual([["a"]]));
    expect(await isEmpty()).toBe(false);
    expect(onTaken).not.toHaveBeenCalled();
    acknowledge();
    await sending;
    expect(await isEmpty()).toBe(true);
    expect(onTaken).toHaveBeenCalledTimes(1);
  });
});

describe("the pace", () => {
  test("is one request in ten seconds, however often it is woken", async () => {
    for (let i = 0; i < 30; i++) {
      await add(`m${i}`);
      await outbox.add(logs(`l${i}`));
      sender.wake();
      await pass(2_000);
    }
    expect(received.length).toBeGreaterThanOrEqual(5);
    expect(received.length).toBeLessThanOrEqual(6);
    await sender.flush();
    expect(new Set(sent().flat()).size).toBe(60);
    expect(sent().flat()).toHaveLength(60);
  });

  test("is that of all tabs together, and none sends what another does", async () => {
    const other = openSender();
    for (let i = 0; i < 20; i++) {
      await add(`m${i}`);
      (i % 2 === 0 ? sender : other).wake();
      await pass(2_000);
    }
    expect(received.length).toBeLessThanOrEqual(5);
    await Promise.all([sender.flush(), other.flush()]);
    expect(sent().flat()).toEqual(Array.from({ length: 20 }, (_, i) => `m${i}`));
  });

  test("does not hold up a flush", async () => {
    await add("a");
    await sender.flush();
    await add("b");
    await sender.flush();
    expect(sent()).toEqual([["a"], ["b"]]);
  });
});

test("what a tab left that has died is sent by another that has nothing to send itself", async () => {
  await add("a");
  await outbox.lease({ owner: "died", endpoint: TARGET.endpoint, isUrgent: true });
  sender.wake();
  await pass(30_000);
  expect(sent()).toEqual([]);
  await pass(16_000);
  expect(sent()).toEqual([["a"]]);
  await add("left by another");
  await pass(61_000);
  expect(sent().flat()).toContain("left by another");
});

test("one who has the turn and is frozen is overtaken after a minute", async () => {
  vi.useRealTimers();
  const { WebLocks } = await import("../tabs/web-locks.ts");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  locks = new WebLocks(navigator.locks);
  const { signal } = new AbortController();
  const holding = new Promise<void>((begin) => {
    const hang = () => {
      begin();
      return new Promise(() => undefined);
    };
    void locks.run("send", hang, { signal }).catch(() => undefined);
  });
  await holding;
  sender = openSender();
  await add("a");
  const flushed = sender.flush();
  await vi.advanceTimersByTimeAsync(59_000);
  expect(sent()).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  await flushed;
  expect(sent()).toEqual([["a"]]);
});

test.each([400, 413, 415, 422])(
  "what is refused with %d is dropped, and the rest is sent",
  async (code) => {
    await add("a", "bad", "c");
    answer = ({ request }) =>
      new Response("", { status: idsIn(request).includes("bad") ? code : 200 });
    await sender.flush();
    expect(sent()).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
    expect(await isEmpty()).toBe(true);
    await add("next");
    await sender.flush();
    expect(received.map(({ request }) => dropsIn(request))).toContainEqual({
      [`refused-${code}`]: 1,
    });
  },
);

test("of a partial success nothing is sent again, and what was rejected is reported", async () => {
  await add("a");
  answer = () => Response.json({ partialSuccess: { rejectedDataPoints: "2", errorMessage: "no" } });
  await sender.flush();
  expect(await isEmpty()).toBe(true);
  answer = () => Response.json({});
  await add("b");
  await sender.flush();
  expect(dropsIn(received[1]?.request ?? batch("none"))).toEqual({ rejected: 2 });
});

test("a network's log-in page in place of a collector acknowledges nothing", async () => {
  await add("a");
  answer = () => new Response("<p>Welcome", { headers: { "Content-Type": "text/html" } });
  await sender.flush();
  expect(onTaken).not.toHaveBeenCalled();
  answer = () => new Response("{}");
  await sender.flush();
  expect(sent()).toEqual([["a"], ["a"]]);
  expect(onTaken).toHaveBeenCalledTimes(1);
});

describe("without a network", () => {
  beforeEach(async () => {
    answer = () => {
      throw new TypeError("Failed to fetch");
    };
    await add("a");
    await sender.flush();
    expect(await isEmpty()).toBe(false);
    received.length = 0;
    answer = () => new Response("{}");
  });

  test("it tries again by itself after a while", async () => {
    await pass(60_000);
    expect(sent()).toEqual([["a"]]);
  });

  test("a new batch does not hurry it, but flushing does", async () => {
    await add("b");
    sender.wake();
    await idle();
    expect(sent()).toEqual([]);
    await sender.flush();
    expect(sent()).toEqual([["a", "b"]]);
  });
});

describe.each([401, 403, 404, 408, 429, 500, 502, 503, 504])("after %d", (code) => {
  test("the batch is kept, and tried again after Retry-After and not before, flushed or not", async () => {
    await add("a");
    status(code, { "Retry-After": "60" });
    await sender.flush();
    expect(sent()).toEqual([["a"]]);
    status(200);
    await pass(59_000);
    await sender.flush();
    sender.wake();
    expect(sent()).toEqual([["a"]]);
    await pass(2_000);
    expect(sent()).toEqual([["a"], ["a"]]);
    expect(await isEmpty()).toBe(true);
  });

  test("without Retry-After it is tried again after a wait that grows", async () => {
    await add("a");
    status(code);
    await sender.flush();
    await pass(4_900);
    expect(received).toHaveLength(1);
    await pass(10_200);
    expect(received).toHaveLength(2);
    await pass(9_900);
    expect(received).toHaveLength(2);
    await pass(20_200);
    expect(received).toHaveLength(3);
  });
});

describe("a Retry-After", () => {
  test("is kept past the page", async () => {
    await add("a");
    status(503, { "Retry-After": "600" });
    await sender.flush();
    sender.end();
    status(200);
    outbox = new Outbox(new Database(), LIMITS);
    const next = openSender(outbox);
    await next.flush();
    expect(received).toHaveLength(1);
    expect(next.isTold).toBe(true);
    await pass(601_000);
    expect(received).toHaveLength(2);
  });

  test("that is a date is waited for", async () => {
    await add("a");
    status(503, { "Retry-After": new Date(Date.now() + 90_000).toUTCString() });
    await sender.flush();
    await pass(85_000);
    expect(received).toHaveLength(1);
    await pass(6_000);
    expect(received).toHaveLength(2);
  });

  test("of a hundred days is waited for a day, and neither longer nor less", async () => {
    await add("a");
    status(503, { "Retry-After": String(100 * 24 * 3600) });
    await sender.flush();
    status(200);
    await pass(23.9 * 3_600_000);
    expect(received).toHaveLength(1);
    await pass(0.2 * 3_600_000);
    expect(received).toHaveLength(2);
  });
});

describe("a page that is hidden", () => {
  test("gives the browser 60 KB at most to send, of all signals", async () => {
    const large = "x".repeat(20 * 1024);
    for (const id of ["a", "b", "c", "d"]) await outbox.add(batch(id, large));
    await outbox.add(logs("e"));
    await sender.leave();
    await eventually(() => expect(received).toHaveLength(1));
    expect(received.every(({ init }) => init.keepalive)).toBe(true);
    const bytes = received.reduce((sum, { init }) => sum + String(init.body).length, 0);
    expect(bytes).toBeGreaterThan(40 * 1024);
    expect(bytes).toBeLessThanOrEqual(60 * 1024);
    await sender.flush();
    expect(sent().flat()).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("is not stopped by whoever throws when told of it, and leaves no rejection behind", async () => {
    onTaken.mockImplementationOnce(() => {
      throw new Error("a fault of the app");
    });
    await add("a");
    await sender.leave();
    await eventually(() => expect(onTaken).toHaveBeenCalledOnce());
    await add("b");
    await sender.flush();
    expect(sent()).toEqual([["a"], ["b"]]);
  });

  test("sends nothing where the collector has asked to wait", async () => {
    await add("a");
    status(429, { "Retry-After": "60" });
    await sender.flush();
    await sender.leave();
    expect(received).toHaveLength(1);
  });
});

test("a user who turned telemetry off in another tab is heeded here", async () => {
  const onDenied = vi.fn();
  const here = new Sender(outbox, locks, { ...TARGET, onDenied });
  senders.push(here);
  await add("a");
  await outbox.choose("denied");
  await here.flush();
  expect(received).toEqual([]);
  expect(onDenied).toHaveBeenCalledOnce();
  await here.leave();
  expect(received).toEqual([]);
  expect(onDenied).toHaveBeenCalledTimes(2);
});

describe("a page that turns telemetry off", () => {
  let isWanted: boolean;
  let here: Sender;

  beforeEach(async () => {
    isWanted = true;
    here = new Sender(outbox, locks, { ...TARGET, isWanted: () => isWanted });
    senders.push(here);
    await add("a");
  });

  test.each([
    ["", () => here.flush()],
    [", nor has the browser do so as it is hidden", () => here.leave()],
  ])("begins no request after, written down or not%s", async (_how, send) => {
    const lease = outbox.lease.bind(outbox);
    const leasing = vi.spyOn(outbox, "lease").mockImplementation(async (wanted) => {
      const leased = await lease(wanted);
      isWanted = false;
      return leased;
    });
    await send();
    expect(leasing).toHaveBeenCalledOnce();
    expect(received).toEqual([]);
  });

  test("keeps nothing of what waits from other tabs", async () => {
    isWanted = false;
    await here.flush();
    await here.leave();
    await sender.flush();
    expect(sent()).toEqual([["a"]]);
  });
});
