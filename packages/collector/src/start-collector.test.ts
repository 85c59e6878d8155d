import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { digestOf } from "./access/check-token.ts";
import { DEFAULT_CONFIG } from "./config/collector-config.ts";
import {
  failureMetric,
  metricsRequest,
  predictionMetric,
  predictionPoint,
} from "./fixtures/otlp-request.ts";
import { startTestCollector, type TestCollector } from "./fixtures/test-collector.ts";
import { startCollector } from "./start-collector.ts";
import { openDuckDbStore } from "./store/duckdb/open-duckdb-store.ts";

let collector: TestCollector;
beforeEach(async () => {
  collector = await startTestCollector();
});
afterEach(() => collector.remove());

const registryDir = () => join(collector.folder, "registry");
const getJson = async (path: string): Promise<unknown> =>
  (await fetch(collector.url + path)).json();

test("what was sent can be asked for", async () => {
  const batch = metricsRequest("a", [
    predictionMetric(predictionPoint([0.1]), predictionPoint([0.2, 0.2])),
    failureMetric(2),
  ]);
  expect((await collector.post("/v1/metrics", batch)).status).toBe(200);
  const ofModel = { model: "rec", version: "1.0.0" };
  expect(await getJson("/api/models")).toMatchObject({
    models: [{ name: "rec", versions: [{ version: "1.0.0", predictions: 3, failures: 2 }] }],
  });
  expect(await getJson("/api/predictions?model=rec")).toMatchObject({ series: [ofModel] });
  expect(await getJson("/api/latency")).toMatchObject({ predict: [{ ...ofModel, count: 3 }] });
  expect(await getJson("/api/failures")).toMatchObject({
    failures: [{ ...ofModel, operation: "load", code: "network", count: 2 }],
  });
  expect(await getJson("/api/failures?model=other")).toEqual({ failures: [] });
});

test("answers a question that is wrong with 400, and none from a cache", async () => {
  const response = await fetch(`${collector.url}/api/latency?step=-1`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "options-invalid" });
  expect((await fetch(`${collector.url}/api/models`)).headers.get("cache-control")).toBe(
    "no-store",
  );
});

test("says that it is alive and that its store answers", async () => {
  expect(await getJson("/healthz")).toEqual({ status: "ok" });
  expect(await getJson("/readyz")).toEqual({ status: "ok" });
});

test("answers an address it does not know with 404", async () => {
  for (const path of ["/", "/nothing", "/v1/nothing", "/api", "/modelsx", "/models"])
    expect([path, (await collector.raw(path)).status]).toEqual([path, 404]);
});

test("says what to do when its port is taken, and leaves its data for the next start", async () => {
  const port = Number(new URL(collector.url).port);
  const dataDir = join(collector.folder, "other");
  await expect(startCollector({ registryDir: registryDir(), dataDir, port })).rejects.toMatchObject(
    {
      code: "options-invalid",
      message: expect.stringMatching(/port \d+ on 127\.0\.0\.1 is in use.*another port/),
    },
  );
  const started = await startCollector({ registryDir: registryDir(), dataDir, port: 0 });
  await started.close();
});

test("refuses a port that is none", async () => {
  const dataDir = join(collector.folder, "other");
  for (const port of [-1, 65536, Number.NaN])
    await expect(
      startCollector({ registryDir: registryDir(), dataDir, port }),
    ).rejects.toMatchObject({ code: "options-invalid" });
});

test("does not start where others reach it and it has no tokens, unless it is told to", async () => {
  const options = { registryDir: registryDir(), dataDir: join(collector.folder, "other"), port: 0 };
  const read = [{ name: "tests", sha256: digestOf("a-token-to-read-with-") }];
  const ingest = [{ name: "tests", sha256: digestOf("a-token-to-ingest-with") }];
  for (const tokens of [
    { read: [], ingest: [] },
    { read: [], ingest },
    { read, ingest: [] },
  ])
    await expect(
      startCollector({ ...options, host: "0.0.0.0", config: { ...DEFAULT_CONFIG, tokens } }),
    ).rejects.toMatchObject({
      code: "options-invalid",
      message: expect.stringMatching(/0\.0\.0\.0.*--config.*--open/),
    });
  for (const allowed of [
    { open: true },
    { config: { ...DEFAULT_CONFIG, tokens: { read, ingest } } },
  ]) {
    const started = await startCollector({ ...options, host: "0.0.0.0", ...allowed });
    expect((await fetch(`${started.url}/healthz`)).status).toBe(200);
    await started.close();
  }
});

test("refuses a data directory that another collector uses", async () => {
  const dataDir = join(collector.folder, "data");
  await expect(
    startCollector({ registryDir: registryDir(), dataDir, port: 0 }),
  ).rejects.toMatchObject({ code: "store-failed" });
  expect((await collector.raw("/readyz")).status).toBe(200);
});

test("lets a request that has begun finish before it ends, and keeps what it brought", async () => {
  const body = JSON.stringify(metricsRequest("a", [predictionMetric(predictionPoint([0.1]))]));
  const socket = connect(Number(new URL(collector.url).port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  socket.write(
    `POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 40)}`,
  );
  // A second request on another connection has been answered once the first one has arrived.
  expect((await collector.raw("/healthz")).status).toBe(200);
  const closed = collector.close();
  await expect(collector.raw("/healthz")).rejects.toThrow();
  socket.write(body.slice(40));
  await once(socket, "close");
  await closed;
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  const store = await openDuckDbStore(join(collector.folder, "data", "collector.duckdb"));
  const { models } = await store.models({ from: 0, to: Date.now() + 1000 });
  await store.close();
  expect(models).toMatchObject([{ versions: [{ predictions: 1 }] }]);
});

test("ends although a client keeps its connection", async () => {
  const socket = connect(Number(new URL(collector.url).port), "127.0.0.1");
  socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "data");
  await Promise.all([once(socket, "close"), collector.close()]);
});

test("survives whatever is sent over its connections", async () => {
  for (const bytes of [
    "\0\0\0\0\r\n\r\n",
    "GET http://[ HTTP/1.1\r\nHost: [\r\n\r\n",
    "BREW / HTTP/9\r\n\r\n",
  ]) {
    const socket = connect(Number(new URL(collector.url).port), "127.0.0.1");
    socket.resume().end(bytes);
    await once(socket, "close");
  }
  const quitter = connect(Number(new URL(collector.url).port), "127.0.0.1");
  const head = "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  quitter.write(`${head}Content-Length: 1000\r\n\r\n{"resource`, () => quitter.resetAndDestroy());
  await once(quitter, "close");
  expect((await collector.raw("/readyz")).status).toBe(200);
});

test("answers 503 and says when to come back once its store is gone", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const { createApp } = await import("./create-app.ts");
  const store = await openDuckDbStore(join(collector.folder, "gone"));
  await store.close();
  const response = await createApp(store).reading.request("/readyz");
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(await response.json()).toMatchObject({ code: "store-failed" });
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
});
