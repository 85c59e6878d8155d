import type { Page } from "@playwright/test";
import { browserBytes } from "./fixtures/browser-memory.ts";
import { DENSE_INPUT, type DenseModel, packDenseModel } from "./fixtures/dense-model.ts";
import { test } from "./fixtures/own-registry.ts";
import { expect, openBare } from "./fixtures/test.ts";

const MIB = 2 ** 20;

/** How many models a page is to hold: so many of each kind, as packing one takes a second. */
const [KINDS, OF_EACH] = [5, 10];

test("a page holds fifty small models in few workers, and all answer as rightly where they do not fit", async ({
  page,
  site,
  registry,
}) => {
  const models: DenseModel[] = [];
  for (let seed = 1; seed <= KINDS; seed++)
    models.push(await packDenseModel(registry, { name: `small-${seed}`, hidden: [600], seed }));
  await openBare(page, site);

  const ample = await hold(page, models, { engines: 3 });
  expect(ample.wrong).toEqual([]);
  expect(ample.memory.engines.map(({ sessions }) => sessions).sort()).toEqual([16, 17, 17]);
  expect(ample.memory.models).toHaveLength(KINDS * OF_EACH);
  const shares = ample.memory.models.map(({ shareBytes }) => shareBytes);
  expect(Math.min(...shares)).toBeGreaterThan(0);
  const { usedBytes } = ample.memory;
  expect(Math.abs(shares.reduce((sum, bytes) => sum + bytes) - usedBytes)).toBeLessThan(100);
  // Fifty models of 0.3 MB each, and three runtimes.
  expect(usedBytes).toBeLessThan(100 * MIB);

  const budgetBytes = 30 * MIB;
  const little = await hold(page, models, { engines: 3, budgetBytes });
  expect(little.wrong).toEqual([]);
  expect(little.afterwards?.suspended).toBeGreaterThan(0);
  expect(little.afterwards?.usedBytes).toBeLessThanOrEqual(budgetBytes);
  expect(little.afterwards?.wrong).toEqual([]);
});

/** Loads every model, and where they are held to less than they take, waits until some are suspended. */
function hold(
  page: Page,
  models: readonly DenseModel[],
  memory: { engines: number; budgetBytes?: number },
) {
  return page.evaluate(
    async ({ models, count, input, memory }) => {
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models", memory });
      const wanted = Array.from({ length: count }, () => models).flat();
      const loaded = await Promise.all(wanted.map(({ name }) => selvedge.load(name)));
      const data = Float32Array.from(input);
      const x = { type: "float32", data, dims: [1, input.length] } as const;
      const wrongOnes = async () => {
        const isRight = await Promise.all(
          loaded.map(async (model, i) => {
            const { outputs } = await model.predict({ x });
            const given = Array.from(outputs["y"]?.data ?? [], Number);
            return wanted[i]?.answer.every((one, k) => Math.abs(one - (given[k] ?? NaN)) < 1e-3);
          }),
        );
        return loaded.filter((_, i) => isRight[i] !== true).map(({ info: { name } }) => name);
      };
      const wrong = await wrongOnes();
      const before = await selvedge.memory();
      if (memory.budgetBytes === undefined) {
        await selvedge.close();
        return { wrong, memory: before };
      }
      let now = before;
      while (now.usedBytes > now.budgetBytes) {
        await new Promise(requestAnimationFrame);
        now = await selvedge.memory();
      }
      const suspended = now.models.filter(({ state }) => state === "suspended").length;
      const { usedBytes } = now;
      const afterwards = { suspended, usedBytes, wrong: await wrongOnes() };
      await selvedge.close();
      return { wrong, memory: before, afterwards };
    },
    { models, count: OF_EACH, input: DENSE_INPUT, memory },
  );
}

test("disposing gives a model's memory back to the device, also where a small one shares its worker", async ({
  page,
  site,
  registry,
  browser,
}) => {
  const small = await packDenseModel(registry, { name: "small", hidden: [600], seed: 1 });
  const large = await packDenseModel(registry, { name: "large", hidden: [3000, 4000], seed: 2 });
  await openBare(page, site);
  const engines = () => page.workers().filter((worker) => /engine/.test(worker.url()));

  const held = await page.evaluateHandle(
    async ({ small, input }) => {
      const memory = { engines: 1 };
      const selvedge = selvedgeModule.createSelvedge({ registry: "/models", memory });
      const data = Float32Array.from(input);
      const x = { type: "float32", data, dims: [1, input.length] } as const;
      const load = async (name: string) => {
        const model = await selvedge.load(name);
        const answer = async () => {
          const { outputs } = await model.predict({ x });
          return Array.from(outputs["y"]?.data ?? [], Number);
        };
        return { model, answer };
      };
      return { selvedge, load, small: await load(small.name) };
    },
    { small, input: DENSE_INPUT },
  );
  const answer = await held.evaluate(({ small }) => small.answer());
  const before = await browserBytes(browser);

  const other = await held.evaluateHandle(({ load }, name) => load(name), large.name);
  const given = await other.evaluate(({ answer }) => answer());
  expect(Math.max(...given.map((one, i) => Math.abs(one - (large.answer[i] ?? NaN))))).toBeLessThan(
    1e-3,
  );
  expect(engines()).toHaveLength(1);
  const engineBytes = () =>
    held.evaluate(async ({ selvedge }) => {
      const { engines } = await selvedge.memory();
      return engines.reduce((sum, { bytes }) => sum + bytes, 0);
    });
  const told = await engineBytes();
  const most = await browserBytes(browser);
  expect(most - before).toBeGreaterThan(40 * MIB);

  await other.evaluate(({ model }) => model.dispose());
  expect(await held.evaluate(({ small }) => small.answer())).toEqual(answer);
  await expect.poll(engineBytes, { timeout: 20_000 }).toBeLessThan(told / 3);
  // What the download has left in other workers' heaps goes when the browser sees fit.
  const freed = told - (await engineBytes());
  await expect
    .poll(async () => most - (await browserBytes(browser)), { timeout: 20_000 })
    .toBeGreaterThan(0.7 * freed);
  expect(await held.evaluate(({ small }) => small.answer())).toEqual(answer);

  await held.evaluate(({ small }) => small.model.dispose());
  await expect.poll(engines).toHaveLength(0);
});
