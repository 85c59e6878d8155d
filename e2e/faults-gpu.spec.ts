import { chromium } from "@playwright/test";
import { doubleRuns } from "./fixtures/double-runs.ts";
import { BYSTANDER, BYSTANDER_BIAS, MODEL } from "./fixtures/fault-registry.ts";
import { test as base, expect, inSoak } from "./fixtures/faults.ts";
import { note } from "./fixtures/note.ts";

/** A browser of its own for each test: after its GPU process has crashed twice, one offers no GPU any more. */
const test = base.extend({
  context: async ({ launchOptions }, use) => {
    const browser = await chromium.launch(launchOptions);
    const context = await browser.newContext();
    await use(context);
    await browser.close();
  },
});

/** How a GPU is lost. */
const LOSSES = [
  "destroyed between calls",
  "destroyed in a call",
  "crashed between calls",
  "crashed in a call",
  "destroyed again and again",
] as const;

for (const loss of LOSSES)
  test(`20 calls that wait for a GPU which is ${loss} are answered all the same, each once and rightly`, async ({
    faulty: page,
    context,
    gaps,
  }) => {
    const devtools = await context.browser()?.newBrowserCDPSession();
    await page.exposeFunction("crashGpu", () => devtools?.send("Browser.crashGpuProcess"));
    await gaps.start();
    const { before, during, bystander, after, afresh, servedBy } = await page.evaluate(
      async ({ loss, name, bystanderName, bias }) => {
        const selvedge = openSelvedge();
        const load = () => selvedge.load(name, { backend: ["webgpu", "wasm"] });
        const model = await load();
        const other = await selvedge.load(bystanderName, { backend: "wasm" });
        // From these the model learns what to expect of a call.
        const before = await callInTurn(model, 20);
        const servedBy = [model.info.backend];
        if (loss === "destroyed between calls")
          engines.order({ fault: "device", when: "now" }, "webgpu");
        if (loss === "destroyed again and again")
          engines.fromStart = () => [{ fault: "device", when: "mid-run" }];
        if (loss.startsWith("destroyed") && loss !== "destroyed between calls")
          engines.order({ fault: "device", when: "mid-run" }, "webgpu");
        if (loss === "crashed between calls") await crashGpu();
        if (loss === "crashed in a call") {
          engines.order({ fault: "gpu-waits" }, "webgpu");
          void engines.heard("gpu-busy").then(crashGpu);
        }
        const calls = callAtOnce(model, 20, { from: 20 });
        const bystander = await callInTurn(other, 20, { bias });
        const during = await calls;
        servedBy.push(model.info.backend);
        const after = await callInTurn(model, 5);
        await model.dispose();
        const afresh = await callInTurn(await load(), 5);
        return { before, during, bystander, after, afresh, servedBy };
      },
      { loss, name: MODEL, bystanderName: BYSTANDER, bias: BYSTANDER_BIAS },
    );
    const took = `20 calls took ${during.tookMs.toFixed(0)} ms`;
    note(`a GPU that is ${loss}`, `${took}; ${servedBy.join(", then ")}`);
    expect(servedBy[0]).toBe("webgpu");
    expect(before.right).toBe(20);
    expect(during).toMatchObject({ right: 20, wrong: [], failed: [] });
    expect(bystander).toMatchObject({ right: 20, wrong: [], failed: [] });
    expect([after.right, afresh.right]).toEqual([5, 5]);
    await gaps.report(`a GPU that is ${loss}`);
  });

/** Slower than software that passes for a GPU, and no more than that. */
const SLOW = "await new Promise((resolve) => setTimeout(resolve, 100));";

test.describe("where nothing but `auto` was asked for", () => {
  test.use({ passesAsGpu: true, hurry: 10 });

  for (const loss of ["crashed", ...inSoak("destroyed")])
    test(`20 calls that wait for a GPU which took over from WASM, and is ${loss} in a call, are answered all the same`, async ({
      faulty: page,
      context,
    }) => {
      await doubleRuns(context, "wasm", SLOW);
      const devtools = await context.browser()?.newBrowserCDPSession();
      await page.exposeFunction("crashGpu", () => devtools?.send("Browser.crashGpuProcess"));
      const { during, after, servedBy, isEnded } = await page.evaluate(
        async ({ loss, name }) => {
          const model = await openSelvedge().load(name);
          const servedBy = [model.info.backend];
          // Until no other place is tried any more: an order is for the engine that ran last.
          const isOpen = () =>
            model.info.backend === "wasm" ||
            model.info.candidates.some(
              ({ state, reason }) => state === "proving" || reason === "not tried yet",
            );
          while (isOpen()) await callInTurn(model, 1);
          await callInTurn(model, 5);
          servedBy.push(model.info.backend);
          const serving = engines.serving("webgpu");
          if (loss === "crashed") {
            engines.order({ fault: "gpu-waits" }, "webgpu");
            void engines.heard("gpu-busy").then(crashGpu);
          } else engines.order({ fault: "device", when: "mid-run" }, "webgpu");
          const during = await callAtOnce(model, 20, { from: 20 });
          servedBy.push(model.info.backend);
          const after = await callInTurn(model, 5);
          const { isEnded } = serving;
          await model.dispose();
          return { during, after, servedBy, isEnded };
        },
        { loss, name: MODEL },
      );
      const took = `20 calls took ${during.tookMs.toFixed(0)} ms`;
      note(`a GPU that took over and is ${loss}`, `${took}; ${servedBy.join(", then ")}`);
      expect(servedBy.slice(0, 2)).toEqual(["wasm", "webgpu"]);
      expect(isEnded).toBe(true);
      expect(during).toMatchObject({ right: 20, wrong: [], failed: [] });
      expect(after.right).toBe(5);
    });
});

declare function crashGpu(): Promise<void>;
