import { SelvedgeError } from "@selvedge/protocol";
import { expect, test, vi } from "vitest";
import { digestOf } from "../../access/check-token.ts";
import { DEFAULT_CONFIG } from "../../config/collector-config.ts";
import { createApp } from "../../create-app.ts";
import { answerValidator } from "../../fixtures/answer-validator.ts";
import { startRecordingCollector } from "../../fixtures/recording-collector.ts";
import { createRecordingStore } from "../../fixtures/recording-store.ts";
import { NOTHING_SEEN } from "../../ingest/admission/label-bounds.ts";
import { API_DOCUMENT } from "./api-document.ts";

/** A question for each route that takes one only with parameters. */
const QUESTIONS: Readonly<Record<string, string>> = {
  "/api/predictions/{id}": "/api/predictions/p-1",
  "/api/drift": "/api/drift?model=rec&version=1.0.0",
  "/api/comparison": "/api/comparison?model=rec&a=1.0.0&b=1.1.0",
};
const PATHS = Object.keys(API_DOCUMENT.paths).map((path) => [path, QUESTIONS[path] ?? path]);
/** All but the document, which fails with nothing. */
const FALLIBLE = PATHS.filter(([path]) => path !== "/api/openapi.json");

/** Holds an answer against the document. */
async function expectDescribed(path: string, response: Response): Promise<void> {
  const validate = answerValidator(path, response.status);
  expect([validate(await response.json()), validate.errors, path]).toEqual([true, null, path]);
}

/** An app of which everything that it asks fails with this. */
function failingWith(error: Error) {
  const fail = () => Promise.reject(error);
  const store = {
    ...createRecordingStore(),
    ...{ models: fail, predictions: fail, latency: fail, failures: fail, health: fail },
    ...{ figures: fail, feedback: fail, dailyFeedback: fail, prediction: fail, size: fail },
  };
  return createApp(store, DEFAULT_CONFIG, {
    ...{ readDrift: fail, readFeedbackBlocks: fail, readClassNames: fail },
    ...{ alerts: { answer: fail }, isServed: () => false, seen: NOTHING_SEEN },
  }).reading;
}

test("every route asks for a read token as the document says", async () => {
  const read = [{ name: "dashboard", sha256: digestOf("a-token-to-read-with-") }];
  const app = createApp(createRecordingStore(), {
    ...DEFAULT_CONFIG,
    tokens: { ingest: [], read },
  }).reading;
  for (const [path = "", question = ""] of PATHS) {
    const response = await app.request(question);
    expect([path, response.status]).toEqual([path, 401]);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    await expectDescribed(path, response);
  }
});

test("every route turns away who asks too often as the document says", async () => {
  const perAddress = { perSecond: 0.01, burst: 1 };
  const limits = { ...DEFAULT_CONFIG.limits, perAddress, proxies: 1 };
  const collector = await startRecordingCollector({ ...DEFAULT_CONFIG, limits });
  const ask = (path: string) =>
    fetch(collector.url + path, { headers: { "x-forwarded-for": "192.0.2.1" } });
  await (await ask("/api/openapi.json")).json();
  for (const [path = "", question = ""] of PATHS) {
    const response = await ask(question);
    expect([path, response.status]).toEqual([path, 429]);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    await expectDescribed(path, response);
  }
  await collector.close();
});

test("every route says as the document does that the store cannot answer now", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const app = failingWith(new SelvedgeError("store-failed", "The disk is full."));
  for (const [path = "", question = ""] of FALLIBLE) {
    const response = await app.request(question);
    expect([path, response.status]).toEqual([path, 503]);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    await expectDescribed(path, response);
  }
  log.mockRestore();
});

test("every route says as the document does that the collector failed, and not how", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const app = failingWith(new Error("a secret of the collector"));
  for (const [path = "", question = ""] of FALLIBLE) {
    const response = await app.request(question);
    expect([path, response.status]).toEqual([path, 500]);
    expect(await response.clone().text()).not.toContain("secret");
    await expectDescribed(path, response);
  }
  log.mockRestore();
});
