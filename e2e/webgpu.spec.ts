import type { Page } from "@playwright/test";
import type { LoadOptions } from "selvedge";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { doubleRuns, LATE } from "./fixtures/double-runs.ts";
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
      build: expect.stringMatching(/^(jspi|webgpu)$/),
      state: "rejected",
      reason: expect.stringContaining("fallback adapter"),
    },
  });
  expect(requested.filter(isForGpu)).toEqual([]);
});

/** Whether an address is that of a runtime file that a page on WASM has no use for. */
function isForGpu(url: string): boolean {
  return /asyncify|webgpu|jspi/.test(url);
}

/** Files of the runtime that were asked for, from now on. */
function runtimeFiles(page: Page): string[] {
  const files: string[] = [];
  page.context().on("request", (request) => {
    const file = new URL(request.url()).pathname.split("/").at(-1) ?? "";
    if (file.startsWith("ort")) files.push(file);
  });
  return files;
}

/** Loads lande on WebGPU and on WASM, and tells what came of it and how far apart they are. */
function compare(page: Page, backend: LoadOptions["backend"] = "webgpu") {
  return page.evaluate(async (backend) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const models = [
      await selvedge.load("lande", { backend: backend as "webgpu" }),
      await selvedge.load("lande", { backend: "wasm" }),
    ];
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const ngrams = { type: "float32", data, dims: [1, 620] } as const;
    const [a, b] = await Promise.all(
      models.map(async (model) => {
        const { outputs } = await model.predict({ ngrams });
        return outputs["probabilities"]?.data as Float32Array;
      }),
    );
    const { candidates = [] } = models[0]?.info ?? {};
    await selvedge.close();
    return {
      candidates,
      standings: candidates.map(({ build, layout, state }) => `${build} ${layout} ${state}`),
      difference: Math.max(...(a ?? []).map((value, i) => Math.abs(value - (b?.[i] ?? NaN)))),
    };
  }, backend);
}

test("asked for by name, WebGPU serves in the leaner build once a model's golden answers hold on it", async ({
  bare: page,
}) => {
  const files = runtimeFiles(page);
  const { candidates, standings, difference } = await compare(page);
  expect(candidates[0]).toEqual({
    ...{ backend: "webgpu", dtype: "fp32", build: "jspi", layout: "NHWC", state: "serving" },
    reason: expect.stringContaining("within"),
  });
  expect(standings.slice(1)).toEqual([
    "webgpu NHWC waiting",
    "jspi NCHW waiting",
    "webgpu NCHW waiting",
  ]);
  expect(difference).toBeLessThan(1e-3);
  expect(files).toContain("ort-wasm-simd-threaded.jspi.wasm");
  expect(files.filter((file) => /asyncify|webgpu/.test(file))).toEqual([]);
});

test("a browser without JSPI runs WebGPU in the build that runs anywhere", async ({
  page,
  site,
}) => {
  await page.addInitScript(() => Reflect.deleteProperty(WebAssembly, "Suspending"));
  await openBare(page, site);
  const files = runtimeFiles(page);
  const { standings, difference } = await compare(page);
  expect(standings).toEqual(["webgpu NHWC serving", "webgpu NCHW waiting"]);
  expect(difference).toBeLessThan(1e-3);
  expect(files.filter((file) => file.includes("jspi"))).toEqual([]);
});

test("where the leaner build is not hosted, as an older page's is not, the other serves", async ({
  bare: page,
  context,
}) => {
  await context.route(/jspi\.wasm$/, (route) => route.fulfill({ status: 404 }));
  const { candidates, standings, difference } = await compare(page);
  expect(standings).toEqual([
    "webgpu NHWC serving",
    "jspi NHWC rejected",
    "jspi NCHW rejected",
    "webgpu NCHW waiting",
  ]);
  expect(candidates[1]?.reason).toContain("selvedge assets");
  expect(difference).toBeLessThan(1e-3);
});

test("of a list, the first that there is serves, and availability says why none before it does", async ({
  page,
  site,
}) => {
  await page.addInitScript(() => {
    const none = { get: () => ({ requestAdapter: async () => null }) };
    Object.defineProperty(Navigator.prototype, "gpu", none);
  });
  await openBare(page, site);
  const files = runtimeFiles(page);
  const told = await page.evaluate(async () => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const backend = ["webgpu", "wasm"] as const;
    const { state, reasons } = await selvedge.availability("lande", { backend });
    const alone = await selvedge.availability("lande", { backend: "webgpu" });
    const { info } = await selvedge.load("lande", { backend });
    await selvedge.close();
    return { state, reasons, alone, backend: info.backend, candidates: info.candidates };
  });
  const none = "fp32 on webgpu: the browser offers no GPU adapter.";
  expect(told).toMatchObject({
    state: "downloadable",
    reasons: [none, expect.stringContaining("bytes have to be fetched")],
    alone: { state: "unavailable", reasons: [none] },
    backend: "wasm",
    candidates: [{ state: "serving" }, { backend: "webgpu", state: "rejected" }],
  });
  expect(files.filter(isForGpu)).toEqual([]);
});

test("a stored model opens on the GPU that was asked for without its registry", async ({
  bare: page,
  context,
}) => {
  await compare(page);
  await context.route("**/models/**", (route) => route.abort());
  expect((await compare(page)).standings[0]).toBe("jspi NHWC serving");
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
    const isOpen = () =>
      candidate() === undefined ||
      model.info.candidates.some(
        ({ state, reason }) => state === "proving" || reason === "not tried yet",
      );
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

test("a GPU that is right and faster takes over from WASM, without a call failing", async ({
  page,
  context,
  site,
}) => {
  await doubleRuns(context, "wasm", LATE);
  await page.addInitScript(passAsGpu);
  await openBare(page, site);
  expect(await decide(page)).toEqual({
    servedFirst: "wasm",
    decided: { backend: "webgpu", state: "serving" },
    reason: expect.stringMatching(/within.*at ngrams\[1,620\].*ms a run/),
    answers: [expect.any(String)],
  });
});

test("a GPU that is right and slower does not take over", async ({ page, context, site }) => {
  for (const build of ["jspi", "webgpu"]) await doubleRuns(context, build, LATE);
  await page.addInitScript(passAsGpu);
  await openBare(page, site);
  expect(await decide(page)).toEqual({
    servedFirst: "wasm",
    decided: { backend: "wasm", state: "slower" },
    reason: expect.stringMatching(/within.*ms a run/),
    answers: [expect.any(String)],
  });
});

test("a GPU that computes zeros is turned down, and not tried again on the next visit", async ({
  page,
  context,
  site,
}) => {
  const zeros = "for (const { data } of Object.values(results)) data.fill(0);";
  for (const build of ["jspi", "webgpu"]) await doubleRuns(context, build, zeros);
  await page.addInitScript(passAsGpu);
  await openBare(page, site);
  const wrong = {
    servedFirst: "wasm",
    decided: { backend: "wasm", state: "rejected" },
    reason: expect.stringMatching(/golden answers on webgpu: output probabilities\[\d+\] is 0/),
    answers: [expect.any(String)],
  };
  expect(await decide(page)).toEqual(wrong);
  const requested: string[] = [];
  context.on("request", (request) => requested.push(request.url()));
  await page.reload();
  await openBare(page, site);
  expect(await decide(page)).toEqual({ ...wrong, reason: expect.stringContaining("found out") });
  expect(requested.filter((url) => /jspi|webgpu|asyncify/.test(url))).toEqual([]);
});
