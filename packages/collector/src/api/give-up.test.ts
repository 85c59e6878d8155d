import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type RecordingCollector,
  startRecordingCollector,
} from "../fixtures/recording-collector.ts";

let collector: RecordingCollector;
beforeEach(async () => {
  collector = await startRecordingCollector();
});
afterEach(() => collector.close());

test("a question ends when the page that asked it is closed, and that is no failure", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  let signal: AbortSignal | undefined;
  const left = new AbortController();
  collector.store.models = (_, asking) => {
    signal = asking?.signal;
    left.abort();
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("given up")));
    });
  };
  await fetch(`${collector.url}/api/models`, { signal: left.signal }).catch(() => undefined);
  await expect.poll(() => signal?.aborted).toBe(true);
  expect(log).not.toHaveBeenCalled();
  log.mockRestore();
});
