import type { Page } from "@playwright/test";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { expect, openBare, test } from "./fixtures/test.ts";

const executablePath = process.env["SELVEDGE_CHROMIUM"];

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

test("a software adapter is recognised as a fallback, and WASM goes on serving", async ({
  bare: page,
}) => {
  const requested: string[] = [];
  page.context().on("request", (request) => requested.push(request.url()));
  const candidates = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande");
    const decided = () => model.info.candidates.find(({ backend }) => backend === "webgpu");
    while (decided() === undefined) await new Promise(requestAnimationFrame);
    return { backend: model.info.backend, webgpu: decided() };
  });
  expect(candidates).toEqual({
    backend: "wasm",
    webgpu: {
      backend: "webgpu",
      dtype: "fp32",
      build: "webgpu",
      state: "rejected",
      reason: expect.stringContaining("fallback adapter"),
    },
  });
  expect(requested.filter((url) => /asyncify|webgpu/.test(url))).toEqual([]);
});

test("asked for by name, WebGPU serves once a tiny model's golden answers hold on it", async ({
  bare: page,
}) => {
  const result = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const [gpu, wasm] = await Promise.all([
      selvedge.load("lande", { backend: "webgpu" }),
      selvedge.load("lande", { backend: "wasm" }),
    ]);
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const ngrams = { type: "float32", data, dims: [1, 620] } as const;
    const [a, b] = await Promise.all(
      [gpu, wasm].map(async (model) => {
        const { outputs } = await model.predict({ ngrams });
        return outputs["probabilities"]?.data as Float32Array;
      }),
    );
    return {
      candidates: gpu.info.candidates,
      difference: Math.max(...(a ?? []).map((value, i) => Math.abs(value - (b?.[i] ?? NaN)))),
    };
  });
  expect(result.candidates).toEqual([
    {
      backend: "webgpu",
      dtype: "fp32",
      build: "webgpu",
      state: "serving",
      reason: expect.stringContaining("within"),
    },
  ]);
  expect(result.difference).toBeLessThan(1e-3);
});

/** Makes the page believe that the software adapter is a GPU. */
function passAsGpu(): void {
  Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });
}

/** Loads lande with `auto`, predicts while the GPU is being proven, and tells how it was decided. */
function decide(page: Page) {
  return page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load("lande");
    const servedFirst = model.info.backend;
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const ngrams = { type: "float32", data, dims: [1, 620] } as const;
    const answers: string[] = [];
    const candidate = () => model.info.candidates.find(({ backend }) => backend === "webgpu");
    const isOpen = () => ["proving", undefined].includes(candidate()?.state);
    do {
      const { outputs } = await model.predict({ ngrams });
      const probabilities = outputs["probabilities"]?.data as Float32Array;
      answers.push(`${probabilities.indexOf(Math.max(...probabilities))}`);
    } while (isOpen());
    await model.predict({ ngrams });
    const decided = { backend: model.info.backend, state: candidate()?.state };
    const reason = candidate()?.reason;
    await selvedge.close();
    return { servedFirst, decided, reason, answers: [...new Set(answers)] };
  });
}

test("a GPU that gives the golden answers takes over from WASM, without a call failing", async ({
  page,
  site,
}) => {
  await page.addInitScript(passAsGpu);
  await openBare(page, site);
  expect(await decide(page)).toEqual({
    servedFirst: "wasm",
    decided: { backend: "webgpu", state: "serving" },
    reason: expect.stringContaining("within"),
    answers: [expect.any(String)],
  });
});

test("a GPU that computes zeros is turned down, and WASM goes on serving", async ({
  page,
  context,
  site,
}) => {
  const api = /ort\.webgpu\.min\.mjs/;
  await context.route(api, (route) =>
    route.request().url().endsWith("?real")
      ? route.continue()
      : route.fulfill({
          contentType: "text/javascript",
          body: `import * as real from "./ort.webgpu.min.mjs?real";
            export const { env, Tensor } = real;
            export const InferenceSession = {
              async create(...args) {
                const session = await real.InferenceSession.create(...args);
                return {
                  async run(feeds) {
                    const results = await session.run(feeds);
                    for (const { data } of Object.values(results)) data.fill(0);
                    return results;
                  },
                };
              },
            };`,
        }),
  );
  await page.addInitScript(passAsGpu);
  await openBare(page, site);
  expect(await decide(page)).toEqual({
    servedFirst: "wasm",
    decided: { backend: "wasm", state: "rejected" },
    reason: expect.stringMatching(/golden answers on webgpu: output probabilities\[\d+\] is 0/),
    answers: [expect.any(String)],
  });
});
