import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";
import type { PredictionsAnswer } from "@selvedge/protocol";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DEFAULT_CONFIG } from "../config/collector-config.ts";
import { eventually } from "../fixtures/eventually.ts";
import {
  failureMetric,
  metricsRequest,
  predictionMetric,
  predictionPoint,
} from "../fixtures/otlp-request.ts";
import { startRecordingCollector } from "../fixtures/recording-collector.ts";
import { createRecordingStore } from "../fixtures/recording-store.ts";
import { startTestCollector, type TestCollector } from "../fixtures/test-collector.ts";

let collector: TestCollector;
beforeEach(async () => {
  collector = await startTestCollector();
});
afterEach(() => collector.remove());

async function predictionsCounted(): Promise<number> {
  const response = await fetch(`${collector.url}/api/predictions`);
  const { series } = (await response.json()) as PredictionsAnswer;
  return series.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0);
}

const twoPredictions = (batchId: string | undefined) =>
  metricsRequest(batchId, [predictionMetric(predictionPoint([0.1, 0.2]))]);

async function expectRefusal(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({
    code: expect.any(Number),
    message: expect.stringMatching(/\.$/),
    details: [{ "@type": expect.any(String), reason: code, domain: "selvedge" }],
  });
  // Whatever was sent, the next batch is taken.
  expect((await collector.post("/v1/metrics", twoPredictions(undefined))).status).toBe(200);
  expect(await predictionsCounted()).toBe(2);
}

test("counts a batch that was sent twice once", async () => {
  for (let sent = 0; sent < 2; sent++) {
    const response = await collector.post("/v1/metrics", twoPredictions("a"));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({});
  }
  expect(await predictionsCounted()).toBe(2);
});

test("counts a batch once that is sent many times at once", async () => {
  const sent = Array.from({ length: 16 }, () => collector.post("/v1/metrics", twoPredictions("a")));
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(sent.map(() => 200));
  expect(await predictionsCounted()).toBe(2);
});

test("stores a batch that is spread over several resources as one", async () => {
  const [first, second] = [twoPredictions("a"), twoPredictions("a")];
  const both = { resourceMetrics: [...first.resourceMetrics, ...second.resourceMetrics] };
  await collector.post("/v1/metrics", both);
  expect(await predictionsCounted()).toBe(4);
});

test.each([
  ["a small body", 0],
  ["one of little gzip and much JSON", 1024 * 1024],
])("takes gzip: %s", async (_, blanks) => {
  const body = gzipSync(JSON.stringify(twoPredictions("a")) + " ".repeat(blanks));
  const response = await collector.post("/v1/metrics", body, { "content-encoding": "gzip" });
  expect(response.status).toBe(200);
  expect(await predictionsCounted()).toBe(2);
});

test("takes gzip that is not small", async () => {
  // Of noise, which stays as large as it is.
  const noise = randomBytes(100_000).toString("base64");
  const request = { ...twoPredictions("a"), noise };
  const body = gzipSync(JSON.stringify(request));
  expect(body.length).toBeGreaterThan(64 * 1024);
  const response = await collector.post("/v1/metrics", body, { "content-encoding": "gzip" });
  expect(response.status).toBe(200);
  expect(await predictionsCounted()).toBe(2);
});

test("keeps the good points of a batch and says how many it refused, and why", async () => {
  const request = metricsRequest("a", [
    predictionMetric(
      predictionPoint([0.1, 0.2]),
      predictionPoint([0.1], { scale: 2_000_000 }),
      predictionPoint([0.1], { count: "-1" }),
    ),
    { name: "memory", gauge: { dataPoints: [{}, {}] } } as never,
  ]);
  const response = await collector.post("/v1/metrics", request);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    partialSuccess: {
      rejectedDataPoints: "4",
      errorMessage: expect.stringMatching(/^1 × its scale .*; 1 × a count .*; 2 × a gauge /),
    },
  });
  expect(await predictionsCounted()).toBe(2);
});

test("takes log records, and refuses those that make no sense", async () => {
  const logRecords = [
    { timeUnixNano: `${Date.now()}000000`, severityNumber: 9, body: { stringValue: "loaded" } },
    { timeUnixNano: "12", body: { stringValue: "from another century" } },
  ];
  const response = await collector.post("/v1/logs", {
    resourceLogs: [{ scopeLogs: [{ logRecords }] }],
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: "1" } });
});

test.each([
  ["text that is no JSON", "{nope"],
  ["nothing", ""],
  ["a list", []],
  ["null", "null"],
  ["a resource list that is none", { resourceMetrics: "all" }],
  ["a resource that is none", { resourceMetrics: [3] }],
  ["metrics that are no list", { resourceMetrics: [{ scopeMetrics: [{ metrics: {} }] }] }],
  [
    "points that are no list",
    metricsRequest("a", [{ name: "x", sum: { dataPoints: 7 } } as never]),
  ],
  ["a point that is no object", metricsRequest("a", [predictionMetric("point" as never)])],
  ["lists without end", "[".repeat(1_000_000)],
  ["lists in lists", `{"resourceMetrics":${"[".repeat(200_000)}${"]".repeat(200_000)}}`],
  ["a batch id that is none", metricsRequest("", [])],
  ["a batch id without end", metricsRequest("x".repeat(129), [])],
])("answers %s with 400 and keeps serving", async (_, body) => {
  await expectRefusal(await collector.post("/v1/metrics", body), 400, "telemetry-invalid");
});

test("takes an empty request", async () => {
  const response = await collector.post("/v1/metrics", { and: "fields it does not know" });
  expect([response.status, await response.json()]).toEqual([200, {}]);
});

test("answers what is not gzip, or cut, with 400", async () => {
  const gzip = { "content-encoding": "gzip" };
  const whole = gzipSync(JSON.stringify(twoPredictions("a")));
  for (const body of [Buffer.from("not gzip"), whole.subarray(0, -20)])
    expect((await collector.post("/v1/metrics", body, gzip)).status).toBe(400);
  await expectRefusal(
    await collector.post("/v1/metrics", Buffer.alloc(0), gzip),
    400,
    "telemetry-invalid",
  );
});

test("answers a gzip bomb with 413", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
  const response = await collector.post("/v1/metrics", bomb, { "content-encoding": "gzip" });
  await expectRefusal(response, 413, "telemetry-too-large");
});

test("answers a body that is too large with 413", async () => {
  const response = await collector.post("/v1/metrics", `"${"x".repeat(9 * 1024 * 1024)}"`);
  await expectRefusal(response, 413, "telemetry-too-large");
});

test("answers a request with too many points with 413, before it looks at them", async () => {
  const dataPoints = Array.from({ length: 10_001 }, () => ({}));
  const metric = { ...failureMetric(1), sum: { ...failureMetric(1).sum, dataPoints } };
  const response = await collector.post("/v1/metrics", metricsRequest("a", [metric as never]));
  await expectRefusal(response, 413, "telemetry-too-large");
});

test("answers other types and encodings with 415", async () => {
  const type = { "content-type": "application/protobuf" };
  expect((await collector.post("/v1/metrics", "{}", type)).status).toBe(415);
  const response = await collector.post("/v1/metrics", "{}", { "content-encoding": "br" });
  await expectRefusal(response, 415, "unsupported");
});

test("answers other addresses, and other methods, with 404 in OTLP's words", async () => {
  for (const [path, method] of [
    ["/v1", "POST"],
    ["/v1/", "POST"],
    ["/v1/metric", "POST"],
    ["/v1/metrics/", "POST"],
    ["/v1/metrics", "GET"],
    ["/v1/constructor", "POST"],
  ] as const) {
    const response = await fetch(collector.url + path, { method });
    expect([path, response.status]).toEqual([path, 404]);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toMatchObject({ code: 5, details: [{ reason: "not-found" }] });
  }
  expect((await collector.post("/v1/metrics?from=shop", twoPredictions("a"))).status).toBe(200);
});

test("answers a request whose body is never read, and takes the next on its connection", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const post = async (path: string, body: Buffer): Promise<[number, Socket]> => {
    const headers = { "content-type": "application/json" };
    const sending = request(collector.url + path, { method: "POST", agent, headers });
    sending.end(body);
    const [response] = (await once(sending, "response")) as [IncomingMessage];
    const { statusCode = 0, socket } = response;
    await once(response.resume(), "end");
    return [statusCode, socket];
  };
  const [refused, first] = await post("/v1/nothing", Buffer.alloc(2 ** 20, " "));
  const [taken, second] = await post(
    "/v1/metrics",
    Buffer.from(JSON.stringify(twoPredictions("a"))),
  );
  expect([refused, taken, first === second]).toEqual([404, 200, true]);
  agent.destroy();
  expect(await predictionsCounted()).toBe(2);
});

test("asks to come back later while too many requests are being stored", async () => {
  let stored = (): void => undefined;
  const disk = new Promise<void>((resolve) => {
    stored = resolve;
  });
  const ingestMetrics = vi.fn(() => disk);
  const store = { ...createRecordingStore(), ingestMetrics };
  const slow = await startRecordingCollector(DEFAULT_CONFIG, store);
  const post = () =>
    fetch(`${slow.url}/v1/metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(twoPredictions(undefined)),
    });
  const sent = Array.from({ length: 256 }, post);
  await eventually(() => expect(ingestMetrics).toHaveBeenCalledTimes(256));
  const refused = await post();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([
    429,
    expect.stringMatching(/^\d+$/),
  ]);
  stored();
  expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([200]));
  expect((await post()).status).toBe(200);
  await slow.close();
});

test("whoever sends slowly takes nobody's place", async () => {
  const begun = await Promise.all(
    Array.from({ length: 300 }, async () => {
      const sending = request(`${collector.url}/v1/metrics`, {
        method: "POST",
        agent: false,
        headers: { "content-type": "application/json", expect: "100-continue" },
      });
      sending.on("error", () => undefined).flushHeaders();
      await once(sending, "continue");
      sending.write("{");
      return sending;
    }),
  );
  expect((await collector.post("/v1/metrics", twoPredictions("a"))).status).toBe(200);
  for (const sending of begun) sending.destroy();
  expect(await predictionsCounted()).toBe(2);
});

test("lets pages of any origin send, with gzip and a token, and read when to come back", async () => {
  const preflight = await collector.raw(
    "/v1/metrics",
    {
      origin: "https://shop.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-encoding,content-type",
    },
    "OPTIONS",
  );
  expect(preflight.status).toBe(204);
  expect(preflight.headers).toMatchObject({
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "authorization,content-encoding,content-type",
  });
  const headers = { origin: "https://shop.example" };
  for (const body of [twoPredictions("a"), "{nope"]) {
    const response = await collector.post("/v1/metrics", body, headers);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toBe("retry-after");
  }
});
