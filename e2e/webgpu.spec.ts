import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { expect, test } from "./fixtures/test.ts";

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
    { backend: "webgpu", state: "serving", reason: expect.stringContaining("within") },
  ]);
  expect(result.difference).toBeLessThan(1e-3);
});
