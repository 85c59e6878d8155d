import { expect, test } from "vitest";
import { type AskCollector, createCollectorApi } from "./api.ts";
import { QUESTIONS, QUESTIONS_OF } from "./questions.ts";
import { parseView, viewOf } from "./state/view.ts";

const WINDOW = { from: 0, to: 120_000, stepMs: 60_000 };
const VERSION = {
  ...{ dtypes: [], backends: [], predictions: 1, failures: 0, firstSeen: 0, lastSeen: 0 },
};
const GOOD: Record<string, unknown> = {
  "api/models": {
    models: [
      { name: "a&b", versions: ["1.0.0", "2.0.0"].map((version) => ({ ...VERSION, version })) },
    ],
  },
  "api/predictions": { ...WINDOW, series: [] },
  "api/latency": { ...WINDOW, predict: [], load: [], addedLater: true },
  "api/failures": { failures: [] },
  "api/health": { groups: [], dropped: [] },
  "api/accuracy": { versions: [] },
  "api/alerts": { rules: [], history: [] },
  "api/comparison": { model: "a&b", a: "1.0.0", b: "2.0.0", comparisons: [] },
  "api/drift": {
    ...{ model: "a", version: "1", from: 0, to: 1, baseline: "reference", features: [] },
    signedBy: null,
  },
  "api/predictions/p%2F1": { id: "p/1", steps: [] },
};

function respond(answers: Record<string, unknown>, asked: string[] = []): typeof fetch {
  return async (input) => {
    asked.push(String(input));
    const [path = ""] = String(input).split("?");
    const answer = answers[path];
    return answer instanceof Response ? answer : Response.json(answer ?? null);
  };
}

const signal = (): AbortSignal => new AbortController().signal;

function apiWith(fetch: typeof globalThis.fetch, token?: string): AskCollector {
  return createCollectorApi(fetch, { token: () => token, now: () => 5 });
}

test("asks for the window, and narrows what is about a model", async () => {
  const asked: string[] = [];
  await apiWith(respond(GOOD, asked))(parseView("?model=a%26b"), WINDOW, signal());
  expect(asked.toSorted()).toEqual([
    "api/accuracy?from=0&to=120000&step=60000&model=a%26b",
    "api/alerts?from=0&to=120000&step=60000",
    "api/failures?from=0&to=120000&step=60000&model=a%26b",
    "api/health?from=0&to=120000&step=60000&model=a%26b",
    "api/latency?from=0&to=120000&step=60000&model=a%26b",
    "api/models?from=0&to=120000&step=60000",
    "api/predictions?from=0&to=120000&step=60000&model=a%26b",
  ]);
});

test("asks about the versions that were chosen, or about the newest", async () => {
  const asked: string[] = [];
  const ask = apiWith(respond(GOOD, asked));
  await ask(viewOf("compare", { model: "a&b" }), WINDOW, signal());
  await ask(viewOf("drift", { model: "a&b", baseline: "previous" }), WINDOW, signal());
  await ask(viewOf("prediction", { prediction: "p/1" }), WINDOW, signal());
  expect(asked.map((path) => decodeURIComponent(path))).toEqual(
    expect.arrayContaining([
      "api/comparison?from=0&to=120000&step=60000&model=a&b&a=1.0.0&b=2.0.0",
      "api/drift?from=0&to=120000&step=60000&model=a&b&version=2.0.0&baseline=previous",
      "api/predictions/p/1",
    ]),
  );
});

test("asks nothing about what has not been chosen", async () => {
  const asked: string[] = [];
  const answers = await apiWith(respond(GOOD, asked))(viewOf("prediction"), WINDOW, signal());
  expect(asked.filter((path) => path.startsWith("api/predictions"))).toEqual([]);
  expect(answers.parts.prediction).toBeUndefined();
});

test("shows its token to every question", async () => {
  const shown = new Set<string | null>();
  const ask = apiWith(async (input, init) => {
    shown.add(new Headers(init?.headers).get("authorization"));
    return respond(GOOD)(input);
  }, "secret");
  await ask(viewOf("alerts"), WINDOW, signal());
  expect([...shown]).toEqual(["Bearer secret"]);
});

test("takes fields it does not know from a newer collector", async () => {
  const view = parseView("?model=a%26b");
  const { parts } = await apiWith(respond(GOOD))(view, WINDOW, signal());
  expect(parts.latency).toMatchObject({ at: 5, answer: { predict: [], addedLater: true } });
});

test.each([
  ["a status", new Response("no", { status: 503 }), { kind: "status", status: 503 }],
  ["a page of HTML", new Response("<!doctype html>"), { kind: "format" }],
  ["a missing field", { ...WINDOW, predict: [] }, { kind: "format" }],
  ["a number that is text", { ...WINDOW, from: "0", predict: [], load: [] }, { kind: "format" }],
])("%s where an answer should be fails that part alone", async (_, answer, fault) => {
  const ask = apiWith(respond({ ...GOOD, "api/latency": answer }));
  const { parts } = await ask(parseView("?model=a%26b"), WINDOW, signal());
  expect(parts.latency).toEqual({ fault: { ...fault, path: "api/latency" } });
  expect(parts.health?.answer).toEqual({ groups: [], dropped: [] });
});

test("without its models there is no page", async () => {
  const ask = apiWith(respond({ ...GOOD, "api/models": { models: "none" } }));
  await expect(ask(viewOf("fleet"), WINDOW, signal())).rejects.toMatchObject({
    name: "ApiProblem",
    fault: { kind: "format", path: "api/models" },
  });
});

test("a token that is wanted by one part is wanted by the page", async () => {
  const refused = new Response("", { status: 401 });
  const ask = apiWith(respond({ ...GOOD, "api/alerts": refused }));
  await expect(ask(viewOf("alerts"), WINDOW, signal())).rejects.toMatchObject({
    fault: { kind: "status", status: 401 },
  });
});

test("a collector that is gone is unreachable", async () => {
  const ask = apiWith(() => Promise.reject(new TypeError("Failed to fetch")));
  await expect(ask(viewOf("fleet"), WINDOW, signal())).rejects.toMatchObject({
    fault: { kind: "unreachable" },
  });
});

test("an abort stays an abort", async () => {
  const controller = new AbortController();
  const ask = apiWith(async () => {
    controller.abort();
    throw controller.signal.reason;
  });
  await expect(ask(viewOf("fleet"), WINDOW, controller.signal)).rejects.toMatchObject({
    name: "AbortError",
  });
});

test.each(Object.entries(QUESTIONS))("%s turns away what is no answer", (_, { isAnswer }) => {
  for (const wrong of [null, [], {}, "answer", { rules: {}, groups: 1, features: [1] }])
    expect(isAnswer(wrong)).toBe(false);
});

test("every question belongs to a page", () => {
  expect(new Set(Object.values(QUESTIONS_OF).flat())).toEqual(new Set(Object.keys(QUESTIONS)));
});
