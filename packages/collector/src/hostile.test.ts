import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { encodeProto } from "../../protocol/src/otlp-proto.fixture.ts";
import {
  failureMetric,
  metricsRequest,
  predictionMetric,
  predictionPoint,
} from "./fixtures/otlp-request.ts";
import { type SpawnedCollector, spawnCollector } from "./fixtures/spawn-collector.ts";

// Megabytes are sent, and a process started: on a machine that does other things too, that takes a while.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MB = 1024 * 1024;
const INGEST = "a-token-to-ingest-with";
const READ = "a-token-to-read-with-";
const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

/** As much as the collector's JavaScript may hold; where it needs more, its process dies. */
const HEAP_MB = 384;

/** What all of it may hold: bodies and DuckDB's buffers are not on the heap. */
const PEAK_MB = 600;

let collector: SpawnedCollector;
beforeAll(async () => {
  collector = await spawnCollector(
    {
      tokens: {
        ingest: [{ name: "tests", token: INGEST }],
        read: [{ name: "tests", token: READ }],
      },
      limits: { connections: 300 },
    },
    { heapMb: HEAP_MB },
  );
});
afterAll(() => collector.remove());

interface Sent {
  readonly path?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent in pieces and without a length where it is a list. */
  readonly body: string | Uint8Array | readonly Uint8Array[];
}

/** The status of the answer, or "closed". */
function send({ path = "/v1/metrics", type = JSON_TYPE, headers = {}, body }: Sent) {
  return new Promise<{ status: number | "closed"; text: string }>((resolve) => {
    const closed = () => resolve({ status: "closed", text: "" });
    const sending = request(`${collector.url}${path}`, {
      method: "POST",
      agent: false,
      headers: { authorization: `Bearer ${INGEST}`, "content-type": type, ...headers },
    })
      .on("error", closed)
      .on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (more: string) => {
          text += more;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", closed);
      });
    if (!Array.isArray(body)) sending.end(body);
    else {
      for (const piece of body) sending.write(piece);
      sending.end();
    }
  });
}

async function statusesOf(sent: readonly Sent[]): Promise<(number | "closed")[]> {
  return (await Promise.all(sent.map(send))).map(({ status }) => status);
}

const goodBatch = () => metricsRequest(undefined, [predictionMetric(predictionPoint([0.1, 0.2]))]);

/** How many predictions the collector has counted. */
async function counted(): Promise<number> {
  const response = await fetch(`${collector.url}/api/models`, {
    headers: { authorization: `Bearer ${READ}` },
  });
  const { models } = (await response.json()) as {
    models: { versions: { predictions: number }[] }[];
  };
  return models.flatMap(({ versions }) => versions).reduce((sum, one) => sum + one.predictions, 0);
}

let before = 0;
afterEach(async () => {
  // Whatever was sent, it serves, it stores, and nothing of what was refused has been counted.
  expect((await send({ body: JSON.stringify(goodBatch()) })).status).toBe(200);
  const protobuf = encodeProto("MetricsRequest", goodBatch());
  expect((await send({ body: protobuf, type: PROTOBUF_TYPE })).status).toBe(200);
  expect(await counted()).toBe(before + 4);
  before += 4;
  expect((await collector.peakBytes()) / MB).toBeLessThan(PEAK_MB);
});

test("zip bombs, twelve at once: each a thousand times as large as it was sent", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * MB, " "));
  const headers = { "content-encoding": "gzip" };
  const json = Array.from({ length: 6 }, () => ({ body: bomb, headers }));
  const protobuf = json.map((one) => ({ ...one, type: PROTOBUF_TYPE }));
  expect(new Set(await statusesOf([...json, ...protobuf]))).toEqual(new Set([413]));
  // Just within the bound, and of nothing but values.
  const dense = gzipSync(Buffer.from(`{"resourceMetrics":[${"[],".repeat(2.6 * MB)}[]]}`));
  const within = Array.from({ length: 4 }, () => ({ body: dense, headers }));
  expect(new Set(await statusesOf(within))).toEqual(new Set([413]));
});

test("JSON and protobuf that are nested ten thousand deep, and more", async () => {
  const nest = (open: string, inner: string, close: string, depth: number) =>
    open.repeat(depth) + inner + close.repeat(depth);
  for (const depth of [10_000, 1_000_000]) {
    const values = [nest("[", "", "]", depth), nest('{"a":', "1", "}", depth)];
    const bodies = values.flatMap((value) => [
      value,
      `{"resourceMetrics":${value}}`,
      `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"x","sum":${value}}]}]}]}`,
    ]);
    // An object of names it does not know is a request that brings nothing.
    for (const status of await statusesOf(bodies.map((body) => ({ body }))))
      expect([200, 400, 413]).toContain(status);
  }
  const attribute = nest('{"arrayValue":{"values":[', '{"intValue":1}', "]}}", 10_000);
  const request = JSON.stringify(goodBatch()).replace(/\{"stringValue":"shop"\}/, attribute);
  expect((await send({ body: request })).status).toBe(200);
  before += 2;
  const groups = Buffer.alloc(2 * MB, 0x0b);
  expect((await send({ body: groups, type: PROTOBUF_TYPE })).status).toBe(400);
});

test("NaN, 1e308, negative counts and unknown enums: refused one by one, with a reason", async () => {
  const points = [
    { sum: Number.NaN },
    { sum: Number.POSITIVE_INFINITY },
    { sum: 1e308 },
    { min: Number.NaN },
    { zeroCount: "18446744073709551615" },
    { scale: 2_147_483_647 },
    { positive: { offset: 2_147_483_647, bucketCounts: ["1"] } },
    { timeUnixNano: "18446744073709551615" },
  ].map((replaced) => predictionPoint([0.1], replaced));
  const hostile = metricsRequest(undefined, [
    predictionMetric(...points),
    failureMetric(1, { asInt: "-5" }),
    failureMetric(1, { asInt: undefined, asDouble: 1e308 }),
    failureMetric(1, { asInt: undefined, asDouble: Number.NaN }),
    { name: "x", sum: { ...failureMetric(1).sum, aggregationTemporality: 99 } },
  ]);
  const answer = await send({ body: encodeProto("MetricsRequest", hostile), type: PROTOBUF_TYPE });
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("no finite number")]);
  // JSON cannot say NaN or Infinity: three points say null instead, which is as good as nothing.
  const inJson = await send({ body: JSON.stringify(hostile) });
  expect(JSON.parse(inJson.text)).toMatchObject({ partialSuccess: { rejectedDataPoints: "9" } });
  before += 3;
  const huge = JSON.stringify(goodBatch()).replace(/"sum":[\d.]+/, '"sum":1e999');
  expect(JSON.parse((await send({ body: huge })).text)).toMatchObject({
    partialSuccess: { rejectedDataPoints: "1" },
  });
});

test("bodies of 50 MB, eight at once, with a length and without", async () => {
  const piece = Buffer.alloc(MB, "x");
  const whole = Buffer.alloc(50 * MB, "x");
  const pieces = Array.from({ length: 50 }, () => piece);
  const sent = [JSON_TYPE, PROTOBUF_TYPE].flatMap((type) =>
    Array.from({ length: 2 }, () => [
      { type, body: whole },
      { type, body: pieces },
    ]),
  );
  for (const status of await statusesOf(sent.flat())) expect([413, "closed"]).toContain(status);
});

test("bodies that are large enough to be taken, and more of them than there is room for", async () => {
  const large = Buffer.alloc(7.9 * MB, " ");
  const sent = Array.from({ length: 15 }, () => ({ body: large }));
  for (const status of await statusesOf(sent)) expect([400, 429]).toContain(status);
});

test("connections that say nothing, or hardly anything, are closed, and nobody waits for them", async () => {
  const limits = { headersTimeoutMs: 500, requestTimeoutMs: 1000 };
  const impatient = await spawnCollector({ limits }, { heapMb: HEAP_MB });
  const head = "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const beginnings = [
    "",
    "POST /v1/metr",
    head,
    `${head}Content-Length: 100000\r\n\r\n{`,
    `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
  ];
  const sockets = beginnings.flatMap((beginning) =>
    Array.from({ length: 20 }, () => open(beginning, impatient.url)),
  );
  const drip = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write("x");
  }, 100);
  const closed = Promise.all(sockets.map(closeOf));
  expect((await fetch(`${impatient.url}/readyz`)).status).toBe(200);
  await closed;
  clearInterval(drip);
  expect((await fetch(`${impatient.url}/readyz`)).status).toBe(200);
  await impatient.remove();
});

test("more connections than are allowed: further ones are closed, until there is room", async () => {
  const sockets = Array.from({ length: 400 }, () =>
    open("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
  );
  const outcomes = await Promise.all(sockets.map(firstOf));
  const closed = outcomes.filter((outcome) => outcome === "closed").length;
  expect([closed >= 100, closed < 150]).toEqual([true, true]);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => send({ body: "{}" }), { timeout: 15_000 }).toMatchObject({ status: 200 });
});

test("bad tokens, and heads that are no heads", async () => {
  const as = (authorization: string) => ({ headers: { authorization }, body: "{}" });
  const guesses = Array.from({ length: 100 }, (_, i) => as(`Bearer ${INGEST}${i}`));
  const others = ["", "Bearer", "Basic YTpi", `Bearer ${READ}`, "Bearer \u00ff".repeat(500)].map(
    as,
  );
  expect(new Set(await statusesOf([...guesses, ...others]))).toEqual(new Set([401]));
  expect([431, "closed"]).toContain((await send(as(`Bearer ${"x".repeat(100_000)}`))).status);
  const post = "POST /v1/metrics HTTP/1.1\r\nHost: x\r\n";
  for (const bytes of [
    `${post}Content-Length: -1\r\n\r\n`,
    `${post}Content-Length: 99999999999999999999\r\n\r\n`,
    `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
    `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
    `${post}X: ${"y".repeat(50_000)}\r\n\r\n`,
    "POST /v1/metrics HTTP/1.1\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01",
  ]) {
    const socket = open(bytes);
    expect([bytes, await firstOf(socket)]).toEqual([
      bytes,
      expect.stringMatching(/^(HTTP\/1\.1 4|closed)/),
    ]);
    socket.destroy();
  }
});

test("texts that are no texts, and names that every object has", async () => {
  const texts = ["\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "'; DROP TABLE batch; --", "{{"];
  const keys = ["__proto__", "constructor", "toString", "selvedge.model.name", ...texts];
  const attributes = keys.flatMap((key) =>
    texts.map((stringValue) => ({ key, value: { stringValue } })),
  );
  const timeUnixNano = `${Date.now()}000000`;
  const records = attributes.map((one) => ({
    timeUnixNano,
    attributes: [one],
    body: one.value,
    eventName: one.key,
  }));
  const point = predictionPoint([0.1]);
  const points = attributes.map((one) => ({ ...point, attributes: [one] }));
  const metric = { ...predictionMetric(...points), name: "selvedge.x\0" };
  const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] };
  expect(
    await statusesOf([
      { body: JSON.stringify(metricsRequest("\0", [metric])) },
      { path: "/v1/logs", body: JSON.stringify(logs) },
    ]),
  ).toEqual([200, 200]);
});

test("bytes of any kind, to every address", async () => {
  const sent = fc.sample(
    fc.record({
      path: fc.constantFrom("/v1/metrics", "/v1/logs", "/v1/traces", "/v1/nothing", "/api/models"),
      type: fc.constantFrom(JSON_TYPE, PROTOBUF_TYPE, "text/plain"),
      headers: fc.constantFrom<Record<string, string>[]>(
        {},
        { "content-encoding": "gzip" },
        { "content-encoding": "br" },
      ),
      body: fc.uint8Array({ minLength: 1, maxLength: 500 }),
    }),
    { numRuns: 200, seed: 17 },
  );
  for (const status of await statusesOf(sent)) expect([200, 400, 401, 404, 415]).toContain(status);
});

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** What a connection answers first, or "closed". */
function firstOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (data) => resolve(String(data)));
    socket.once("close", () => resolve("closed"));
  });
}

function open(beginning: string, url = collector.url): Socket {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => undefined).resume();
  if (beginning !== "") socket.write(beginning, "latin1");
  return socket;
}
