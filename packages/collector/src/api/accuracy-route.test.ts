import { expect, test } from "vitest";
import type { ReadFeedbackBlocks } from "../analysis/accuracy/read-feedback-blocks.ts";
import { DEFAULT_CONFIG } from "../config/collector-config.ts";
import { createApp } from "../create-app.ts";
import { counted } from "../fixtures/counted-feedback.ts";
import { createRecordingStore } from "../fixtures/recording-store.ts";
import { NOTHING_SEEN } from "../ingest/admission/label-bounds.ts";
import type { FeedbackSummary } from "../store/store.ts";

/** Asks for the accuracy of a model of which this was said, and tells what blocks were asked for. */
async function ask(said: FeedbackSummary, signal = new AbortController().signal) {
  const blocksAsked: Parameters<ReadFeedbackBlocks>[] = [];
  const store = { ...createRecordingStore(), feedback: async () => said };
  const { reading } = createApp(store, DEFAULT_CONFIG, {
    readDrift: async () => undefined,
    readFeedbackBlocks: async (...asked) => {
      blocksAsked.push(asked);
      return [];
    },
    readClassNames: async () => new Map(),
    alerts: { answer: async () => ({ rules: [], history: [] }) },
    isServed: () => false,
    seen: NOTHING_SEEN,
  });
  const response = await reading.request("/api/accuracy?model=rec&from=5&to=9", { signal });
  return { status: response.status, answer: await response.json(), blocksAsked };
}

test("of a model that nothing came of, no day is read", async () => {
  const { status, answer, blocksAsked } = await ask({ counts: [], errors: [] });
  expect([status, answer]).toEqual([200, { versions: [] }]);
  expect(blocksAsked).toEqual([]);
});

test("blocks of days are read for as long as the request lasts", async () => {
  const left = new AbortController();
  const { blocksAsked } = await ask({ counts: [counted({})], errors: [] }, left.signal);
  const [[window, asking] = []] = blocksAsked;
  expect(window).toEqual({ from: 5, to: 9, model: "rec" });
  expect(asking?.signal?.aborted).toBe(false);
  left.abort();
  expect(asking?.signal?.aborted).toBe(true);
});
