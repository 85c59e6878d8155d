import { expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { batch, dropsIn } from "./batch.fixture.ts";
import { collectorDouble } from "./collector.fixture.ts";
import { Courier } from "./courier.ts";

const SETTINGS = {
  endpoint: "https://collector.test/v1",
  headers: {},
  maxBytes: 5 * 1024 * 1024,
  maxAgeMs: 7 * 24 * 60 * 60_000,
};

test("a worker stores and sends as a page does", async () => {
  await (await freshDatabase()).close();
  const worker = new Worker(new URL("./courier-in-worker.fixture.ts", import.meta.url), {
    type: "module",
  });
  const told: unknown[] = [];
  worker.onmessage = ({ data }) => told.push(data);
  worker.onerror = ({ message }) => told.push(message);
  worker.postMessage({ settings: SETTINGS, batch: batch("a") });
  await eventually(() => expect(told).toContain("done"));
  const text = JSON.stringify(batch("a").body);
  expect(told).toEqual([{ url: "https://collector.test/v1/metrics", text }, "done"]);
  worker.terminate();
});

test("an erasure that fails forgets nothing of what was given up", async () => {
  await (await freshDatabase()).close();
  const received = collectorDouble();
  const courier = new Courier(SETTINGS, { onDone: () => undefined, onDenied: () => undefined });
  courier.dropped({ unconfirmed: 3 });
  const clear = vi.spyOn(IDBObjectStore.prototype, "clear").mockImplementation(() => {
    throw new DOMException("the disk is full", "QuotaExceededError");
  });
  await expect(courier.erase()).rejects.toThrow(/erasing telemetry/);
  clear.mockRestore();
  await courier.add(batch("a"));
  await courier.flush();
  const drops = received.map(({ request }) => dropsIn(request));
  expect(Object.assign({}, ...drops)).toEqual({ unconfirmed: 3 });
  courier.end();
  vi.unstubAllGlobals();
});
