import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { batch, dropsIn, idsIn, logs } from "./batch.fixture.ts";
import { collectorDouble, type Received } from "./collector.fixture.ts";
import { DirectDelivery } from "./direct-delivery.ts";
import { batchIdOf } from "./outbox-record.ts";

const COLLECTOR = { endpoint: "https://collector.test/v1", headers: {} };

let received: Received[];
let answer: (one: Received) => Response | Promise<Response>;
let waiting: ReturnType<typeof logs>[];
let direct: DirectDelivery;

const ids = () => received.map(({ request }) => idsIn(request));
/** What was told as given up, request by request. */
const drops = () => received.map(({ request }) => dropsIn(request));
const deliver = (isUrgent = false) => direct.deliver(() => waiting, isUrgent);
const after = (seconds: number) =>
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + seconds * 1000);

beforeEach(() => {
  answer = () => new Response("{}");
  received = collectorDouble((one) => answer(one));
  waiting = [];
  const onDone = (done: readonly string[]) => {
    waiting = waiting.filter((one) => !done.includes(batchIdOf(one)));
  };
  direct = new DirectDelivery(COLLECTOR, { onDone }, new AbortController().signal);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("one request in ten seconds, but all at once where it is urgent", async () => {
  waiting = [batch("a"), logs("b")];
  await deliver();
  await deliver();
  expect(ids()).toEqual([["a"]]);
  after(10);
  await deliver();
  expect(ids()).toEqual([["a"], ["b"]]);
  waiting = [batch("c"), logs("d")];
  await deliver(true);
  expect(ids().slice(2)).toEqual([["c"], ["d"]]);
});

test("a collector that asks for an hour is left alone for it, also by what is urgent, or last", async () => {
  answer = () => new Response("", { status: 429, headers: { "retry-after": "3600" } });
  waiting = [batch("a")];
  await deliver(true);
  after(3590);
  await deliver(true);
  direct.sendLast(waiting);
  expect([direct.isTold, received.length]).toEqual([true, 1]);
  answer = () => new Response("{}");
  after(11);
  await deliver();
  expect([direct.isTold, ids(), waiting]).toEqual([false, [["a"], ["a"]], []]);
});

test("each failure in a row doubles the wait, and an answer ends it", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  answer = () => Promise.reject(new TypeError("there is no network"));
  waiting = [batch("a")];
  await deliver();
  after(11);
  await deliver();
  after(19);
  await deliver();
  expect(received).toHaveLength(2);
  after(2);
  await deliver();
  expect(received).toHaveLength(3);
  answer = () => new Response("{}");
  await deliver(true);
  waiting = [batch("b")];
  after(11);
  await deliver();
  expect(ids().at(-1)).toEqual(["b"]);
});

test("what was given up is told with the next figures that arrive, once", async () => {
  direct.dropped({ unconfirmed: 3 });
  waiting = [logs("a")];
  await deliver(true);
  answer = () => new Response("", { status: 503 });
  waiting = [batch("b")];
  await deliver(true);
  direct.dropped({ unconfirmed: 4 });
  after(60 * 60);
  answer = () => new Response("{}");
  await deliver(true);
  waiting = [batch("c")];
  await deliver(true);
  expect(drops()).toEqual([{}, { unconfirmed: 3 }, { unconfirmed: 7 }, {}]);
});

test("what is refused as a whole is sent one by one, and what is refused by itself is counted", async () => {
  answer = ({ request }) =>
    new Response("{}", { status: idsIn(request).includes("b") ? 400 : 200 });
  waiting = [batch("a"), batch("b"), batch("c")];
  await deliver(true);
  expect(ids()).toEqual([["a", "b", "c"], ["a"], ["b"], ["c", expect.any(String)]]);
  expect(waiting).toEqual([]);
  expect(drops().at(-1)).toEqual({ "refused-400": 1 });
});

test("points that a collector leaves out are told", async () => {
  answer = () => Response.json({ partialSuccess: { rejectedDataPoints: "2" } });
  waiting = [batch("a")];
  await deliver(true);
  expect(direct.takeDrops()).toEqual({ rejected: 2 });
});

test("a page that goes away tells what was given up, or keeps it where nobody took it", async () => {
  direct.dropped({ unconfirmed: 3 });
  answer = () => Promise.reject(new TypeError("there is no network"));
  waiting = [batch("a"), logs("b")];
  direct.sendLast(waiting);
  await eventually(() => expect(direct.takeDrops()).toEqual({ unconfirmed: 3 }));
  expect(drops()).toContainEqual({ unconfirmed: 3 });
  expect(received.every(({ init }) => init.keepalive === true)).toBe(true);
});
