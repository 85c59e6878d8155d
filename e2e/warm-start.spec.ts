import type { BrowserContext, Page } from "@playwright/test";
import { storedRecords } from "./fixtures/stored-records.ts";
import { expect, openBare, test } from "./fixtures/test.ts";

/** What onnxruntime was told of each session, as the page has heard of it. */
type Created = { readonly graphOptimizationLevel?: string };

declare global {
  var created: Created[];
}

/** onnxruntime, which takes longer to create a session where it may rewrite the graph, and tells of each. */
const SLOW_TO_OPTIMISE = `
  import * as real from "./ort.wasm.min.mjs?real";
  export const { env, Tensor } = real;
  const channel = new BroadcastChannel("created");
  export const InferenceSession = {
    async create(graph, { graphOptimizationLevel, ...options }) {
      channel.postMessage({ graphOptimizationLevel });
      if (graphOptimizationLevel === undefined) await new Promise((done) => setTimeout(done, 400));
      return real.InferenceSession.create(graph, { ...options, graphOptimizationLevel: graphOptimizationLevel ?? "all" });
    },
  };
`;

async function slowDownOptimising(context: BrowserContext): Promise<void> {
  await context.route(/ort\.wasm\.min\.mjs/, (route) =>
    route.request().url().endsWith("?real")
      ? route.continue()
      : route.fulfill({ contentType: "text/javascript", body: SLOW_TO_OPTIMISE }),
  );
  await context.addInitScript(() => {
    globalThis.created = [];
    new BroadcastChannel("created").onmessage = ({ data }) => globalThis.created.push(data);
  });
}

/** Loads lande and predicts. @returns how long each stage took, and the answer */
function start(page: Page) {
  return page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande", { backend: "wasm" });
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const { outputs } = await model.predict({
      ngrams: { type: "float32", data, dims: [1, 620] },
    });
    const probabilities = outputs["probabilities"]?.data as Float32Array;
    return { timings: model.info.timings, probabilities: [...probabilities] };
  });
}

test("a device rehearses how a model starts, and the next visit creates its session so", async ({
  page,
  context,
  site,
}) => {
  await slowDownOptimising(context);
  await openBare(page, site);
  const first = await start(page);
  const created = () => page.evaluate(() => globalThis.created);
  expect(await created()).toEqual([{}]);
  await expect.poll(() => settingsOf(page), { timeout: 60_000 }).toHaveLength(1);
  const levels = (await created()).map(({ graphOptimizationLevel: level }) => level ?? "usual");
  expect(new Set(levels)).toEqual(new Set(["usual", "disabled"]));

  await openBare(page, site);
  const second = await start(page);
  expect(await created()).toEqual([{ graphOptimizationLevel: "disabled" }]);
  second.probabilities.forEach((probability, i) => {
    expect(probability).toBeCloseTo(first.probabilities[i] ?? Number.NaN, 5);
  });
  test.info().annotations.push({ type: "timings", description: JSON.stringify(second.timings) });
});

test("every stage of a load is timed", async ({ bare: page }) => {
  const { timings } = await start(page);
  const { totalMs, wakeMs, ...stages } = timings;
  expect(wakeMs).toBe(0);
  for (const [stage, milliseconds] of Object.entries(stages)) {
    expect(milliseconds, stage).toBeGreaterThan(0);
    expect(milliseconds, stage).toBeLessThanOrEqual(totalMs);
  }
});

/** How sessions are best created, as this device has measured it. */
async function settingsOf(page: Page): Promise<unknown[]> {
  const verdicts = await storedRecords<{ candidate: string }>(page, "verdicts");
  return verdicts.filter(({ candidate }) => candidate.startsWith("settings "));
}
