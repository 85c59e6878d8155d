import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { StallGuard } from "./stall-guard.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A body that sends what it is told to, when it is told to. */
function slowResponse() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  return { response: new Response(readable), writer: writable.getWriter() };
}

test("a body that stops moving ends with an error that says so", async () => {
  const guard = new StallGuard(new AbortController().signal);
  const { response, writer } = slowResponse();
  const reader = guard.watch(response).body?.getReader();
  void writer.write(new Uint8Array(3));
  expect((await reader?.read())?.value).toHaveLength(3);
  const next = reader?.read();
  const failed = expect(next).rejects.toThrow("nothing came for 30 s");
  await vi.advanceTimersByTimeAsync(30_000);
  await failed;
  expect(guard.signal.aborted).toBe(true);
});

test("a body that keeps moving may take as long as it takes", async () => {
  const guard = new StallGuard(new AbortController().signal);
  const { response, writer } = slowResponse();
  const whole = guard.watch(response).arrayBuffer();
  for (let i = 0; i < 5; i++) {
    await vi.advanceTimersByTimeAsync(29_000);
    await writer.write(new Uint8Array(2));
  }
  await writer.close();
  expect((await whole).byteLength).toBe(10);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(guard.signal.aborted).toBe(false);
});

test("what the caller gives up is given up, for the caller's reason", () => {
  const caller = new AbortController();
  const guard = new StallGuard(caller.signal);
  caller.abort("enough");
  expect(guard.signal.reason).toBe("enough");
  expect(vi.getTimerCount()).toBe(0);
});
