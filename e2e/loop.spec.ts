import type { ModelsAnswer } from "@selvedge/protocol";
import { expect, openBare, test } from "./fixtures/test.ts";

/** Loads rec, predicts twice at once, and reports what came of it. */
async function predictTwice() {
  const selvedge = selvedgeModule.createSelvedge({
    registry: "/models",
    telemetry: { endpoint: "/v1", service: "e2e" },
  });
  const phases: string[] = [];
  const totals = new Set<number>();
  const model = await selvedge.load("ocr-rec", {
    onProgress({ phase, total }) {
      if (phases.at(-1) !== phase) phases.push(phase);
      if (phase === "fetch") totals.add(total);
    },
  });
  const data = new Float32Array(3 * 48 * 64).map((_, i) => Math.sin(i));
  const x = { type: "float32", data, dims: [1, 3, 48, 64] } as const;
  const answers = await Promise.all([model.predict({ x }), model.predict({ x })]);
  const labels = new TextDecoder().decode(await model.attachment("ppocr_keys_v1.txt"));
  const { info } = model;
  const cached = await selvedge.cache.list();
  await selvedge.telemetry.flush();
  await selvedge.close();
  return {
    phases,
    totals: [...totals],
    backend: info.backend,
    timings: info.timings,
    fingerprints: answers.map(({ outputs }) =>
      Object.values(outputs).map(({ type, dims, data: values }) => [
        type,
        dims.join(),
        (values as Float32Array).reduce((sum, value, i) => sum + value * (i % 7), 0),
      ]),
    ),
    ids: answers.map(({ id }) => id),
    labels: labels.split("\n").length,
    cached: cached.map(({ name, version }) => `${name}@${version}`),
    inputLength: data.length,
  };
}

test("a model is fetched once, answers two calls at once, and needs nothing on the next visit", async ({
  bare: page,
  site,
  context,
}) => {
  const first = await page.evaluate(predictTwice);
  expect(first.phases).toEqual(expect.arrayContaining(["resolve", "fetch", "ready"]));
  expect(first.totals).toHaveLength(1);
  expect(first.backend).toBe("wasm");
  expect(first.fingerprints[0]).toEqual(first.fingerprints[1]);
  expect(new Set(first.ids).size).toBe(2);
  expect(first.labels).toBeGreaterThan(6000);
  expect(first.cached).toEqual(["ocr-rec@1.0.0"]);
  expect(first.inputLength).toBe(3 * 48 * 64);

  const requested: string[] = [];
  context.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await openBare(page, site);
  const second = await page.evaluate(predictTwice);
  expect(second.fingerprints).toEqual(first.fingerprints);
  expect(second.timings.fetchMs).toBe(0);
  expect(requested.filter((path) => path.includes("/segments/"))).toEqual([]);
  expect(requested.filter((path) => path.endsWith("manifest.json"))).toEqual([]);

  const seen: ModelsAnswer = await (await page.request.get(`${site.url}/api/models`)).json();
  expect(seen.models).toMatchObject([
    { name: "ocr-rec", versions: [{ version: "1.0.0", backends: ["wasm"], predictions: 4 }] },
  ]);
});

test("importing the package starts nothing and fetches nothing", async ({ page, site }) => {
  const requested: string[] = [];
  page.on("request", (request) => requested.push(new URL(request.url()).pathname));
  await openBare(page, site);
  expect(page.workers()).toEqual([]);
  expect(requested.filter((path) => !path.startsWith("/bare/"))).toEqual([]);
});

test("nothing is sent where no endpoint was given", async ({ bare: page }) => {
  const sent: string[] = [];
  page.context().on("request", (request) => {
    if (request.method() !== "GET") sent.push(request.url());
  });
  await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande");
    const ngrams = { type: "float32", data: new Float32Array(620), dims: [1, 620] } as const;
    await model.predict({ ngrams });
    await selvedge.telemetry.flush();
    await selvedge.close();
  });
  await page.goto("about:blank");
  expect(sent).toEqual([]);
});
