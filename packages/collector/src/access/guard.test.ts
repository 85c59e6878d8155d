import { afterEach, expect, test } from "vitest";
import { type CollectorConfig, DEFAULT_CONFIG } from "../config/collector-config.ts";
import {
  type RecordingCollector,
  startRecordingCollector,
} from "../fixtures/recording-collector.ts";
import { digestOf } from "./check-token.ts";

const INGEST = "a-token-to-ingest-with";
const READ = "a-token-to-read-with-";

const TOKENS = {
  ingest: [{ name: "shop", sha256: digestOf(INGEST) }],
  read: [{ name: "dashboard", sha256: digestOf(READ) }],
};

let collector: RecordingCollector;
afterEach(() => collector.close());

async function start(config: Partial<CollectorConfig>) {
  collector = await startRecordingCollector({ ...DEFAULT_CONFIG, ...config });
}

const limited = (limits: Partial<CollectorConfig["limits"]>) => ({
  limits: { ...DEFAULT_CONFIG.limits, ...limits },
});

const ask = (path: string, { token, ...init }: RequestInit & { token?: string } = {}) =>
  fetch(collector.url + path, {
    ...init,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...init.headers,
    },
  });
const post = (init: RequestInit & { token?: string } = {}) =>
  ask("/v1/metrics", { method: "POST", body: "{}", ...init });

test("writes with an ingest token and no other, and asks for one", async () => {
  await start({ tokens: TOKENS });
  expect((await post({ token: INGEST })).status).toBe(200);
  for (const token of [undefined, READ, `${INGEST}x`, ""]) {
    const answer = await post(token === undefined ? {} : { token });
    expect([token, answer.status]).toEqual([token, 401]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(await answer.json()).toMatchObject({
      code: 16,
      message: expect.stringMatching(/ingest token/),
    });
  }
});

test("reads with a read token and no other, of whatever there is under /api, and /metrics", async () => {
  await start({ tokens: TOKENS });
  for (const path of ["/api/models", "/api/nothing", "/api", "/metrics"]) {
    for (const token of ["", INGEST]) {
      const answer = await ask(path, { token });
      expect([path, token, answer.status]).toEqual([path, token, 401]);
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(await answer.json()).toMatchObject({ code: "unauthorized" });
    }
  }
  expect((await ask("/api/nothing", { token: READ })).status).toBe(404);
});

test("says that it lives without a token", async () => {
  await start({ tokens: TOKENS });
  expect((await ask("/healthz")).status).toBe(200);
  expect((await ask("/readyz")).status).toBe(200);
});

test("lets a page ask whether it may send before it sends a token", async () => {
  await start({ tokens: TOKENS, cors: { origins: ["https://shop.example"] } });
  const preflight = (origin: string) =>
    ask("/v1/metrics", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
  const allowed = (await preflight("https://shop.example")).headers;
  expect(allowed.get("access-control-allow-origin")).toBe("https://shop.example");
  expect(allowed.get("access-control-allow-headers")).toContain("authorization");
  expect(Number(allowed.get("access-control-max-age"))).toBeGreaterThan(3600);
  const other = (await preflight("https://other.example")).headers;
  expect(other.get("access-control-allow-origin")).toBeNull();
});

test("lets a page read that its token is wrong, and when to come back", async () => {
  await start({
    tokens: TOKENS,
    cors: { origins: ["https://shop.example"] },
    ...limited({ perToken: { perSecond: 0.01, burst: 1 } }),
  });
  const headers = { origin: "https://shop.example" };
  const answers = [
    await post({ headers }),
    await post({ headers, token: INGEST }),
    await post({ headers, token: INGEST }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 200, 429]);
  for (const answer of answers) {
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(answer.headers.get("access-control-expose-headers")).toBe("retry-after");
  }
  expect(Number(answers[2]?.headers.get("retry-after"))).toBeGreaterThan(90);
});

test("limits addresses, whatever their tokens, and lets others go on", async () => {
  await start({
    tokens: TOKENS,
    ...limited({ proxies: 1, perAddress: { perSecond: 0.01, burst: 2 } }),
  });
  const from = (address: string, token: string) =>
    post({ token, headers: { "x-forwarded-for": address } });
  expect((await from("192.0.2.7", "a-guess-at-the-token")).status).toBe(401);
  expect((await from("192.0.2.7", INGEST)).status).toBe(200);
  const refused = await from("192.0.2.7", INGEST);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(90);
  expect((await from("192.0.2.8", INGEST)).status).toBe(200);
  expect(
    (await ask("/api/nothing", { token: READ, headers: { "x-forwarded-for": "192.0.2.7" } }))
      .status,
  ).toBe(429);
});

test("does not count what comes from this machine itself against its address", async () => {
  await start(limited({ perAddress: { perSecond: 0.01, burst: 1 } }));
  for (let sent = 0; sent < 3; sent++) expect((await post()).status).toBe(200);
});
