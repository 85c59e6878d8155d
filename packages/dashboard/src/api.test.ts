import { expect, test } from "vitest";
import { createCollectorApi, type Question } from "./api.ts";

const WINDOW = { from: 0, to: 120_000, stepMs: 60_000 };
const ALL: Question = { window: WINDOW, model: undefined };
const GOOD: Record<string, unknown> = {
  "api/models": { models: [] },
  "api/predictions": { ...WINDOW, series: [] },
  "api/latency": { ...WINDOW, predict: [], load: [], addedLater: true },
  "api/failures": { failures: [] },
};

function respond(answers: Record<string, unknown>, asked: string[] = []): typeof fetch {
  return async (input) => {
    asked.push(String(input));
    const [path = ""] = String(input).split("?");
    const answer = answers[path];
    return answer instanceof Response ? answer : Response.json(answer);
  };
}

const signal = (): AbortSignal => new AbortController().signal;

test("asks for the window, and narrows everything but the list of models", async () => {
  const asked: string[] = [];
  const ask = createCollectorApi(respond(GOOD, asked));
  await ask({ window: WINDOW, model: "a&b" }, signal());
  expect(asked.toSorted()).toEqual([
    "api/failures?from=0&to=120000&step=60000&model=a%26b",
    "api/latency?from=0&to=120000&step=60000&model=a%26b",
    "api/models?from=0&to=120000&step=60000",
    "api/predictions?from=0&to=120000&step=60000&model=a%26b",
  ]);
});

test("takes fields it does not know from a newer collector", async () => {
  await expect(createCollectorApi(respond(GOOD))(ALL, signal())).resolves.toMatchObject({
    models: { models: [] },
  });
});

test.each([
  ["a status", new Response("no", { status: 503 }), { kind: "status", status: 503 }],
  ["a page of HTML", new Response("<!doctype html>"), { kind: "format" }],
  ["a missing field", { ...WINDOW, predict: [] }, { kind: "format" }],
  ["a number that is text", { ...WINDOW, from: "0", predict: [], load: [] }, { kind: "format" }],
])("%s where an answer should be names the path", async (_, answer, fault) => {
  const ask = createCollectorApi(respond({ ...GOOD, "api/latency": answer }));
  await expect(ask(ALL, signal())).rejects.toMatchObject({
    name: "ApiProblem",
    fault: { ...fault, path: "api/latency" },
  });
});

test("a collector that is gone is unreachable", async () => {
  const ask = createCollectorApi(() => Promise.reject(new TypeError("Failed to fetch")));
  await expect(ask(ALL, signal())).rejects.toMatchObject({ fault: { kind: "unreachable" } });
});

test("an abort stays an abort", async () => {
  const controller = new AbortController();
  const ask = createCollectorApi(async () => {
    controller.abort();
    throw controller.signal.reason;
  });
  await expect(ask(ALL, controller.signal)).rejects.toMatchObject({ name: "AbortError" });
});
