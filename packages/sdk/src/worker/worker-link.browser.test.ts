import { SelvedgeError } from "@selvedge/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Outcome } from "./outcome.ts";
import { scriptedWorker } from "./scripted-worker.fixture.ts";
import { type Late, WorkerLink } from "./worker-link.ts";

interface Api {
  double(n: number): Promise<Outcome<number>>;
  refuse(): Promise<Outcome<number>>;
  hang(): Promise<Outcome<number>>;
  crash(): Promise<Outcome<number>>;
  cancelled(call?: number): Promise<Outcome<number[]>>;
}

const METHODS = `
  double: (n) => ({ ok: true, value: 2 * n }),
  refuse: () => ({ ok: false, error: { name: "SelvedgeError", code: "run-failed", message: "no" } }),
  hang: () => new Promise(() => {}),
  crash: () => { setTimeout(() => { throw new Error("boom"); }); return new Promise(() => {}); },
  cancelled: (call) => {
    if (call !== undefined) (globalThis.calls ??= []).push(call);
    return { ok: true, value: globalThis.calls ?? [] };
  },
`;

const links: WorkerLink<Api>[] = [];

function linkTo(worker: Worker): WorkerLink<Api> {
  const link = new WorkerLink<Api>(worker, "test");
  links.push(link);
  return link;
}

const linkToScript = () => linkTo(scriptedWorker(METHODS));

afterEach(() => {
  vi.useRealTimers();
  for (const link of links.splice(0)) link.end(new Error("the test is over"));
});

test("a call is answered with its value", async () => {
  const link = linkToScript();
  const answers = [1, 2, 3].map((n) => link.call((api) => api.double(n)));
  expect(await Promise.all(answers)).toEqual([2, 4, 6]);
});

test("an error of the worker's arrives as it was thrown, and the link goes on", async () => {
  const link = linkToScript();
  await expect(link.call((api) => api.refuse())).rejects.toMatchObject({ code: "run-failed" });
  expect(await link.call((api) => api.double(4))).toBe(8);
});

describe("a worker that", () => {
  test("throws as it starts fails the call that waits for it, with what it threw", async () => {
    const link = linkTo(scriptedWorker("...(() => { throw new Error('no start'); })()"));
    await expect(link.call((api) => api.double(1))).rejects.toMatchObject({
      code: "engine-crashed",
      message: expect.stringContaining("no start"),
    });
    expect(link.isEnded).toBe(true);
  });

  test("cannot be loaded at all says so", async () => {
    const link = linkTo(new Worker("data:text/html,none", { type: "module" }));
    await expect(link.call((api) => api.double(1))).rejects.toMatchObject({
      code: "engine-crashed",
      message: expect.stringContaining("could not be started"),
    });
  });

  test("throws later fails every call that is pending, and every call after", async () => {
    const link = linkToScript();
    const calls = [link.call((api) => api.hang()), link.call((api) => api.crash())];
    const ends = await Promise.allSettled(calls);
    expect(ends.map((end) => end.status === "rejected" && end.reason.code)).toEqual([
      "engine-crashed",
      "engine-crashed",
    ]);
    await expect(link.call((api) => api.double(1))).rejects.toMatchObject({
      code: "engine-crashed",
      message: expect.stringContaining("boom"),
    });
  });

  test("hangs past a deadline is ended, with all that was pending", async () => {
    const worker = scriptedWorker(METHODS);
    const terminate = vi.spyOn(worker, "terminate");
    const link = linkTo(worker);
    const behind = link.call((api) => api.hang());
    const late = link.call((api) => api.hang(), { timeoutMs: 20 });
    const ends = await Promise.allSettled([late, behind]);
    expect(ends.map((end) => end.status === "rejected" && end.reason.code)).toEqual([
      "engine-timeout",
      "engine-timeout",
    ]);
    expect(terminate).toHaveBeenCalledOnce();
  });

  test("listens past a deadline is ended with what it is known to wait for", async () => {
    const reason = new SelvedgeError("assets-missing", "The link is slow.");
    const late: Late<Api> = { reason, ask: (api) => api.double(1) };
    const call = linkTo(scriptedWorker(METHODS)).call((api) => api.hang(), { timeoutMs: 20, late });
    await expect(call).rejects.toBe(reason);
  });

  test("does not even listen then is taken to hang, whatever else it might wait for", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const reason = new SelvedgeError("assets-missing", "The link is slow.");
    const late: Late<Api> = { reason, ask: (api) => api.hang() };
    const link = linkTo(scriptedWorker(METHODS));
    const call = link.call((api) => api.hang(), { timeoutMs: 20, late });
    const ends = expect(call).rejects.toMatchObject({ code: "engine-timeout" });
    await vi.advanceTimersByTimeAsync(20);
    expect(link.isEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(5_000);
    await ends;
  });

  test("answers at last, while it is asked whether it listens, is not ended", async () => {
    let answer: (outcome: Outcome<number>) => void = () => undefined;
    const answered = new Promise<Outcome<number>>((resolve) => {
      answer = resolve;
    });
    const reason = new SelvedgeError("assets-missing", "The link is slow.");
    const link = linkToScript();
    const ask = async () => answer({ ok: true, value: 7 });
    const call = link.call(() => answered, { timeoutMs: 20, late: { reason, ask } });
    expect(await call).toBe(7);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(link.isEnded).toBe(false);
  });
});

test.each([Number.POSITIVE_INFINITY, 2 ** 31])(
  "a deadline of %d ms, which is longer than a timer can be, is none",
  async (timeoutMs) => {
    const link = linkToScript();
    expect(await link.call((api) => api.double(1), { timeoutMs })).toBe(2);
    expect(link.isEnded).toBe(false);
  },
);

test("an answered call leaves no deadline and no listener behind", async () => {
  const link = linkToScript();
  const controller = new AbortController();
  const remove = vi.spyOn(controller.signal, "removeEventListener");
  const clear = vi.spyOn(globalThis, "clearTimeout");
  await link.call((api) => api.double(1), { timeoutMs: 5000, signal: controller.signal });
  expect(remove).toHaveBeenCalledWith("abort", expect.any(Function));
  expect(clear).toHaveBeenCalledWith(expect.any(Number));
  controller.abort();
  expect(link.isEnded).toBe(false);
});

describe("an abort", () => {
  test("rejects at once, tells the worker which call, and leaves the link whole", async () => {
    const link = linkToScript();
    const controller = new AbortController();
    const told = vi.fn((call: number) => link.tell((api) => api.cancelled(call)));
    await link.call((api) => api.double(1));
    const hanging = link.call((api) => api.hang(), { signal: controller.signal, onAbort: told });
    controller.abort();
    await expect(hanging).rejects.toMatchObject({ name: "AbortError" });
    expect(told).toHaveBeenCalledExactlyOnceWith(2);
    expect(await link.call((api) => api.cancelled())).toEqual([2]);
  });

  test("before the call keeps it from being made", async () => {
    const link = linkToScript();
    const invoke = vi.fn(() => new Promise<Outcome<number>>(() => undefined));
    await expect(link.call(invoke, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(invoke).not.toHaveBeenCalled();
  });

  test("with a reason of the caller's rejects with that", async () => {
    const link = linkToScript();
    const controller = new AbortController();
    const hanging = link.call((api) => api.hang(), { signal: controller.signal });
    const reason = new Error("changed my mind");
    controller.abort(reason);
    await expect(hanging).rejects.toBe(reason);
  });
});

describe("end", () => {
  test("settles all that is pending with its reason, and all that comes after; twice is once", async () => {
    const link = linkToScript();
    const pending = [link.call((api) => api.hang()), link.call((api) => api.double(1))];
    const reason = new SelvedgeError("disposed", "gone");
    link.end(reason);
    link.end(new Error("too late"));
    const ends = await Promise.allSettled([...pending, link.call((api) => api.double(1))]);
    expect(ends).toEqual(ends.map(() => ({ status: "rejected", reason })));
  });

  test("after it nothing is told any more", () => {
    const link = linkToScript();
    link.end(new Error("over"));
    const send = vi.fn(async () => undefined);
    link.tell(send);
    expect(send).not.toHaveBeenCalled();
  });
});

test("a message that cannot be cloned rejects, and the link goes on", async () => {
  const link = linkToScript();
  const uncloneable = Object.assign(() => undefined, {}) as unknown as number;
  await expect(link.call((api) => api.double(uncloneable))).rejects.toMatchObject({
    name: "DataCloneError",
  });
  expect(await link.call((api) => api.double(2))).toBe(4);
});
