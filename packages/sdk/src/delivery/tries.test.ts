import { SelvedgeError } from "@selvedge/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { pause } from "../tabs/pause.ts";
import type { Network } from "./network.ts";
import { readRetryAfter, Tries, tryOften } from "./tries.ts";

afterEach(() => {
  vi.useRealTimers();
});

const { signal } = new AbortController();
const network = new SelvedgeError("network", "cut");
const status = (code: number, retryAfterMs?: number) =>
  new SelvedgeError("response-invalid", "no", {
    detail: { status: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
const webPage = new SelvedgeError("response-invalid", "a web page");

/** A network that keeps what it was asked to wait for, and waits for nothing. */
function quick({ isOnline = true, random = 1 } = {}) {
  const waits: number[] = [];
  const wait = async (ms: number, aborts: AbortSignal) => {
    aborts.throwIfAborted();
    waits.push(ms);
  };
  const asked = { wait, random: () => random, isOnline: () => isOnline };
  return { waits, network: asked as unknown as Network };
}

/** How often something is run that fails with each of these in turn, and what it comes to. */
async function runFailing(errors: readonly unknown[], quickly = quick()) {
  let runs = 0;
  const result = await tryOften(
    async () => {
      const error = errors[runs++];
      if (error !== undefined) throw error;
      return "done";
    },
    { network: quickly.network, signal },
  ).catch((error: unknown) => error);
  return { runs, result, waits: quickly.waits };
}

test.each([
  ["a network that fails", network],
  ["500", status(500)],
  ["503", status(503)],
  ["408", status(408)],
  ["425", status(425)],
  ["429", status(429)],
])("%s is tried five times, waiting twice as long each time", async (_, error) => {
  const { runs, result, waits } = await runFailing(Array(9).fill(error));
  expect([runs, result]).toEqual([5, error]);
  expect(waits).toEqual([400, 800, 1600, 3200]);
});

test("whatever succeeds in between is the answer", async () => {
  expect(await runFailing([network, status(502)])).toMatchObject({ runs: 3, result: "done" });
});

test("a web page in place of a file is asked for once more, and no oftener", async () => {
  expect(await runFailing(Array(9).fill(webPage))).toMatchObject({ runs: 2, result: webPage });
});

test.each([
  ["404", new SelvedgeError("not-found", "", { detail: { status: 404 } })],
  ["403", status(403)],
  ["wrong bytes", new SelvedgeError("integrity", "")],
  ["a full store", new SelvedgeError("storage-full", "")],
  ["an error of ours", new RangeError("no")],
])("%s is not tried again", async (_, error) => {
  expect(await runFailing([error])).toMatchObject({ runs: 1, result: error });
});

test("a device that is offline does not try again", async () => {
  expect(await runFailing([network], quick({ isOnline: false }))).toMatchObject({ runs: 1 });
});

test("waits are drawn by chance, up to all of them", async () => {
  const { waits } = await runFailing(Array(9).fill(network), quick({ random: 0.25 }));
  expect(waits).toEqual([100, 200, 400, 800]);
});

test("a host that says when it wants to be asked again is waited for at least as long", async () => {
  expect((await runFailing([status(503, 7000)])).waits).toEqual([7400]);
});

test("a host that wants more than a minute is left to the app, with what it said", async () => {
  const { runs, result } = await runFailing([status(429, 61_000)]);
  expect(runs).toBe(1);
  expect(result).toMatchObject({ detail: { status: 429, retryAfterMs: 61_000 } });
});

test("what came begins the count anew, and waits are never longer than half a minute", async () => {
  const { network: quickly, waits } = quick();
  const tries = new Tries({ network: quickly, signal });
  for (let i = 0; i < 20; i++) {
    await tries.again(network);
    await tries.again(network);
    tries.progressed();
  }
  expect(new Set(waits)).toEqual(new Set([400, 800]));
});

test("requests that fail together count once", async () => {
  const { network: quickly, waits } = quick();
  const tries = new Tries({ network: quickly, signal });
  const { round } = tries;
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => tries.again(network, round)));
  expect(waits).toEqual([400]);
  await expect(tries.again(new SelvedgeError("integrity", ""), round)).rejects.toThrow();
});

test("an abort ends a wait at once, for its own reason", async () => {
  vi.useFakeTimers();
  const controller = new AbortController();
  const real = { ...quick().network, wait: pause };
  const trying = tryOften(() => Promise.reject(network), {
    network: real,
    signal: controller.signal,
  });
  await vi.advanceTimersByTimeAsync(1);
  controller.abort("enough");
  await expect(trying).rejects.toBe("enough");
  expect(vi.getTimerCount()).toBe(0);
});

test.each([
  [{}, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "120" }, 120_000],
  [
    { "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", date: "Wed, 21 Oct 2015 07:28:00 GMT" },
    30_000,
  ],
  [{ "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", date: "Wed, 21 Oct 2015 07:28:30 GMT" }, 0],
])("of %j, Retry-After means %s ms", (headers, ms) => {
  expect(readRetryAfter(new Headers(headers as Record<string, string>))).toBe(ms);
});

test("where the host does not say what time it has, the device's clock is what there is", () => {
  vi.useFakeTimers({ now: Date.UTC(2015, 9, 21, 7, 28, 0) });
  const headers = new Headers({ "retry-after": "Wed, 21 Oct 2015 07:28:05 GMT" });
  expect(readRetryAfter(headers)).toBe(5000);
});
