import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { pack, promote } from "@selvedge/packer";
import { landeOnnx } from "../demo/models/lande-to-onnx.mjs";
import { CHROMIUM_ARGS } from "./chromium-args.ts";
import { changeWeights } from "./fixtures/change-weights.ts";
import { countBytes } from "./fixtures/count-bytes.ts";
import { doubleRuns, LATE } from "./fixtures/double-runs.ts";
import { test as base } from "./fixtures/own-registry.ts";
import { spoilGolden } from "./fixtures/spoil-golden.ts";
import { expect, openBare, type Site } from "./fixtures/test.ts";

const MODEL = "lande";
const [OLD, NEW] = ["1.0.0", "2.0.0"];

/** Tests over a registry with two versions of a model that answer differently; the old one is served. */
const test = base.extend<{ versions: { promote(version: string): Promise<void> } }>({
  versions: async ({ registry }, use) => {
    const old = landeOnnx();
    const model = join(registry, "lande.onnx");
    await writeFile(model, old);
    const { manifest } = await pack({ model, name: MODEL, version: OLD, registry });
    const other = await changeWeights(old, { registry, manifest }, (weights) =>
      weights.map((weight) => weight * 0.5),
    );
    await writeFile(model, other);
    await pack({ model, name: MODEL, version: NEW, registry });
    const versions = {
      async promote(version: string) {
        await promote({ name: MODEL, version, channel: "stable", registry });
      },
    };
    await versions.promote(OLD);
    await use(versions);
  },
});

const executablePath = process.env["SELVEDGE_CHROMIUM"];

test.use({
  launchOptions: {
    args: [...CHROMIUM_ARGS, "--enable-unsafe-webgpu"],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
});

/** Opens the page anew, with a function that makes a call and tells the answer as text. */
async function open(page: Page, site: Site): Promise<void> {
  await openBare(page, site);
  await page.evaluate(() => {
    const data = new Float32Array(620).map((_, i) => (i % 31) / 310);
    const ngrams = { type: "float32", data, dims: [1, 620] } as const;
    Object.assign(globalThis, {
      ask: async (model: import("selvedge").Model) => {
        const { outputs } = await model.predict({ ngrams });
        const { data } = outputs["probabilities"] ?? { data: new Float32Array() };
        return (data as Float32Array).join();
      },
    });
  });
}

declare function ask(model: import("selvedge").Model): Promise<string>;
declare function promoteNew(): Promise<void>;
declare global {
  /** What a page has loaded, and the update that it found. */
  var offered: {
    readonly model: import("selvedge").Model;
    readonly update: import("selvedge").ModelUpdate | undefined;
  };
}

/** What each version answers where nothing happens meanwhile. */
async function rightAnswers(page: Page, site: Site): Promise<{ old: string; new: string }> {
  await open(page, site);
  return await page.evaluate(
    async ({ name, versions: [before, after] }) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
      const answerOf = async (version = "") =>
        ask(await selvedge.load(name, { version, backend: "wasm" }));
      const answers = { old: await answerOf(before), new: await answerOf(after) };
      await selvedge.close();
      return answers;
    },
    { name: MODEL, versions: [OLD, NEW] },
  );
}

/** The version that a visit loads, and what it answers. */
async function visit(page: Page, site: Site): Promise<{ version: string; answer: string }> {
  await open(page, site);
  return await page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load(name, { backend: "wasm" });
    const { version } = model.info;
    const answer = await ask(model);
    await model.checkForUpdate();
    await selvedge.close();
    return { version, answer };
  }, MODEL);
}

test("a version is swapped in under 200 calls, of which none fails or is answered by neither", async ({
  page,
  site,
  versions,
  browser,
}) => {
  await page.exposeFunction("promoteNew", () => versions.promote(NEW));
  await open(page, site);
  const { answers, states, after, info } = await page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load(name, { backend: "wasm", update: "background" });
    const states: string[] = [];
    let appliedAt = Number.POSITIVE_INFINITY;
    const answers: Promise<string>[] = [];
    model.on("update", ({ state }) => {
      states.push(state);
      if (state === "applied") appliedAt = answers.length;
    });
    let checking: Promise<unknown> | undefined;
    while (answers.length < Math.max(200, appliedAt + 50)) {
      answers.push(...Array.from({ length: 4 }, () => ask(model)));
      await answers.at(-3);
      if (answers.length >= 40) checking ??= promoteNew().then(() => model.checkForUpdate());
      // What carries the update over has to get a word in.
      await new Promise((resolve) => setTimeout(resolve));
    }
    await checking;
    const { version, candidates } = model.info;
    return {
      answers: await Promise.all(answers),
      states,
      after: appliedAt,
      info: { version, candidates },
    };
  }, MODEL);
  expect(states).toEqual(["found", "applied"]);
  expect(info).toMatchObject({
    version: NEW,
    candidates: [{ state: "serving", reason: expect.stringContaining(`took over from ${OLD}`) }],
  });

  const elsewhere = await browser.newContext();
  const right = await rightAnswers(await elsewhere.newPage(), site);
  await elsewhere.close();
  expect(right.new).not.toBe(right.old);
  expect(answers.length).toBeGreaterThanOrEqual(200);
  expect([...new Set(answers.slice(0, after))]).toEqual([right.old]);
  expect([...new Set(answers.slice(after))]).toEqual([right.new]);
  await expect.poll(() => page.workers().filter((w) => /engine/.test(w.url())).length).toBe(1);
  expect(await visit(page, site)).toEqual({ version: NEW, answer: right.new });
});

test("a version that answers wrongly is refused, and neither used nor fetched by later visits", async ({
  page,
  context,
  site,
  registry,
  versions,
}) => {
  const { answer } = await visit(page, site);
  await spoilGolden(registry, { name: MODEL, version: NEW });
  await versions.promote(NEW);
  await open(page, site);
  const refused = await page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load(name, { backend: "wasm", update: "background" });
    const update = await new Promise<import("selvedge").ModelUpdate>((resolve) => {
      model.on("update", (update) => update.state !== "found" && resolve(update));
    });
    const { version } = model.info;
    const served = { version, answer: await ask(model) };
    await selvedge.close();
    return { update, served };
  }, MODEL);
  expect(refused).toEqual({
    update: expect.objectContaining({
      state: "refused",
      version: NEW,
      reason: expect.stringContaining("golden answers"),
    }),
    served: { version: OLD, answer },
  });
  const segments: string[] = [];
  context.on("request", (request) => {
    if (request.url().includes("/segments/")) segments.push(request.url());
  });
  for (let visits = 0; visits < 2; visits++)
    expect(await visit(page, site)).toEqual({ version: OLD, answer });
  expect(segments).toEqual([]);
});

test("by hand, a version is found with its bytes, and fetched when it is applied", async ({
  page,
  context,
  site,
  versions,
}) => {
  await visit(page, site);
  await versions.promote(NEW);
  const fetched = countBytes(context);
  await open(page, site);
  await page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load(name, { backend: "wasm", update: "manual" });
    globalThis.offered = { model, update: await model.checkForUpdate() };
  }, MODEL);
  const manifestBytes = fetched.bytes;
  const found = await page.evaluate(async () => {
    const { model, update } = offered;
    if (update?.state !== "found") throw new Error(`it is ${update?.state}`);
    const before = model.info.version;
    const { state } = await update.apply();
    await ask(model);
    return { before, bytes: update.bytes, state, after: model.info.version };
  });
  expect(found).toEqual({ before: OLD, bytes: expect.any(Number), state: "applied", after: NEW });
  await expect.poll(() => fetched.bytes - manifestBytes).toBe(found.bytes);
  expect((await visit(page, site)).version).toBe(NEW);
});

test("a model that serves on WebGPU moves to a version that has proven itself there", async ({
  page,
  context,
  site,
  versions,
}) => {
  // Software that passes as a GPU would not take over by itself: it is the slower one.
  await doubleRuns(context, "wasm", LATE);
  await page.addInitScript(() => {
    // The software adapter passes as a GPU.
    Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { get: () => false });
  });
  await page.exposeFunction("promoteNew", () => versions.promote(NEW));
  await open(page, site);
  const { moved, failed } = await page.evaluate(async (name) => {
    const selvedge = selvedgeModule.createSelvedge({ registry: "/models" });
    const model = await selvedge.load(name, { update: "background" });
    let failed = 0;
    const call = () => ask(model).catch(() => failed++);
    while (model.info.backend !== "webgpu") await call();
    await promoteNew();
    const backends: string[] = [];
    let isOver = false;
    const checking = model.checkForUpdate().finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await call();
      backends.push(model.info.backend);
    }
    const update = await checking;
    await call();
    const { version, backend } = model.info;
    await selvedge.close();
    return {
      moved: { state: update?.state, version, backend, backends: [...new Set(backends)] },
      failed,
    };
  }, MODEL);
  expect(moved).toEqual({
    state: "applied",
    version: NEW,
    backend: "webgpu",
    backends: ["webgpu"],
  });
  expect(failed).toBe(0);
});
