import { BATCH_ID, type OtlpBatch, toOtlpAttributes } from "@selvedge/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { Outbox } from "./outbox.ts";
import { Sender } from "./sender.ts";

const TARGET = { endpoint: "https://collector.test/v1", headers: { "x-token": "secret" } };

let outbox: Outbox;
let sender: Sender;
/** What the collector was sent, oldest first. */
let received: { url: string; headers: Headers; batch: OtlpBatch }[];
let answer: () => Response | Promise<Response>;
let onSend: ReturnType<typeof vi.fn<(batch: OtlpBatch) => void>>;
let goOnline: () => void;

beforeEach(async () => {
  outbox = new Outbox(await freshDatabase());
  received = [];
  answer = () => new Response("{}");
  onSend = vi.fn();
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    received.push({ url, headers: new Headers(init.headers), batch: await decode(init.body) });
    return answer();
  });
  vi.stubGlobal("addEventListener", (type: string, listener: () => void) => {
    if (type === "online") goOnline = listener;
  });
  // Only what the sender looks at: IndexedDB and streams need the rest as it is.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  sender = new Sender(outbox, { ...TARGET, onSend });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function batch(id: string): OtlpBatch {
  const resource = { attributes: toOtlpAttributes({ [BATCH_ID]: id }) };
  return { signal: "metrics", body: { resourceMetrics: [{ resource, scopeMetrics: [] }] } };
}

async function decode(body: BodyInit | null | undefined): Promise<OtlpBatch> {
  const stream = new Response(body).body?.pipeThrough(new DecompressionStream("gzip"));
  return { signal: "metrics", body: await new Response(stream ?? null).json() };
}

async function add(...ids: string[]): Promise<void> {
  for (const id of ids) await outbox.add(batch(id));
}

const sent = () => received.map((request) => request.batch);

/** Lets time pass; what a timer starts is waited for. */
async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await sender.flush();
}

const status = (code: number, headers: Record<string, string> = {}) => {
  answer = () => new Response("", { status: code, headers });
};

test("a batch goes to /metrics as gzipped JSON with the headers that were asked for", async () => {
  await add("a");
  await sender.flush();
  expect(received).toMatchObject([{ url: "https://collector.test/v1/metrics", batch: batch("a") }]);
  expect(Object.fromEntries(received[0]?.headers ?? [])).toEqual({
    "content-type": "application/json",
    "content-encoding": "gzip",
    "x-token": "secret",
  });
});

test("batches are sent in order, one after the other, each once, however often it is woken", async () => {
  await add("a", "b", "c");
  for (let i = 0; i < 3; i++) sender.wake();
  await sender.flush();
  expect(sent()).toEqual(["a", "b", "c"].map(batch));
  expect(await outbox.oldest()).toBeUndefined();
});

test("a batch leaves the outbox after it is acknowledged, not before; then the page is told", async () => {
  await add("a");
  let acknowledge: () => void = () => undefined;
  answer = () =>
    new Promise((resolve) => {
      acknowledge = () => resolve(new Response("{}"));
    });
  const sending = sender.flush();
  await expect.poll(sent).toEqual([batch("a")]);
  expect(await outbox.oldest()).toMatchObject({ batch: batch("a") });
  expect(onSend).not.toHaveBeenCalled();
  acknowledge();
  await sending;
  expect(await outbox.oldest()).toBeUndefined();
  expect(onSend).toHaveBeenCalledExactlyOnceWith(batch("a"));
});

test.each([400, 413, 415])(
  "a batch refused with %d is dropped, and the next is sent",
  async (code) => {
    await add("a", "b");
    answer = () => new Response("", { status: received.length === 1 ? code : 200 });
    await sender.flush();
    expect(sent()).toEqual(["a", "b"].map(batch));
    expect(await outbox.oldest()).toBeUndefined();
    expect(onSend).toHaveBeenCalledExactlyOnceWith(batch("b"));
  },
);

describe("without a network", () => {
  beforeEach(async () => {
    answer = () => {
      throw new TypeError("Failed to fetch");
    };
    await add("a");
    await sender.flush();
    expect(await outbox.oldest()).toMatchObject({ batch: batch("a") });
    received.length = 0;
    answer = () => new Response("{}");
  });

  test("it tries again by itself after a while", async () => {
    await vi.advanceTimersByTimeAsync(999);
    expect(received).toEqual([]);
    await pass(3000);
    expect(sent()).toEqual([batch("a")]);
  });

  test("a new batch does not hurry it, but flushing does", async () => {
    sender.wake();
    expect(vi.getTimerCount()).toBe(1);
    await sender.flush();
    expect(vi.getTimerCount()).toBe(0);
    expect(sent()).toEqual([batch("a")]);
  });

  test("it tries at once when the network is back", async () => {
    goOnline();
    await sender.flush();
    expect(sent()).toEqual([batch("a")]);
  });
});

describe.each([401, 404, 429, 500, 502, 503, 504])("after %d", (code) => {
  test("the batch is kept, and tried again after Retry-After and not before, flushed or not", async () => {
    await add("a", "b");
    status(code, { "Retry-After": "60" });
    await sender.flush();
    expect(sent()).toEqual([batch("a")]);
    status(200);
    sender.wake();
    goOnline();
    await pass(59_000);
    expect(sent()).toEqual([batch("a")]);
    await pass(2000);
    expect(sent()).toEqual(["a", "a", "b"].map(batch));
    expect(await outbox.oldest()).toBeUndefined();
  });

  test("without Retry-After it is tried again after a wait that grows", async () => {
    await add("a");
    status(code);
    await sender.flush();
    await pass(900);
    expect(received).toHaveLength(1);
    await pass(2200);
    expect(received).toHaveLength(2);
    await pass(1900);
    expect(received).toHaveLength(2);
    await pass(4200);
    expect(received).toHaveLength(3);
  });
});

test("a Retry-After that is a date is waited for", async () => {
  await add("a");
  status(503, { "Retry-After": new Date(Date.now() + 90_000).toUTCString() });
  await sender.flush();
  await pass(85_000);
  expect(received).toHaveLength(1);
  await pass(6000);
  expect(received).toHaveLength(2);
});

test("a Retry-After of a hundred days does not come back at once, as a timer of that length would", async () => {
  await add("a");
  status(503, { "Retry-After": String(100 * 24 * 3600) });
  await sender.flush();
  await pass(3_600_000);
  expect(received).toHaveLength(1);
});
