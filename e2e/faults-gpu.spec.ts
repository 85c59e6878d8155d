import { BYSTANDER, BYSTANDER_BIAS, MODEL } from "./fixtures/fault-registry.ts";
import { expect, test } from "./fixtures/faults.ts";

/** How a GPU goes, in the page's own words. */
const LOSSES = [
  "destroyed between calls",
  "destroyed in a call",
  "crashed between calls",
  "crashed in a call",
] as const;

for (const loss of LOSSES)
  test(`calls that wait for a GPU which is ${loss} are answered all the same, each once and rightly`, async ({
    faulty: page,
    gaps,
    browser,
  }) => {
    const devtools = await browser.newBrowserCDPSession();
    await page.exposeFunction("crashGpu", () =>
      devtools.send("Browser.crashGpuProcess").catch(() => undefined),
    );
    await gaps.start();
    const { before, during, bystander, after, info } = await page.evaluate(
      async ({ loss, name, bystanderName, bias }) => {
        const selvedge = openSelvedge();
        const load = () => selvedge.load(name, { backend: "webgpu" });
        const model = await load();
        const other = await selvedge.load(bystanderName, { backend: "wasm" });
        const before = await callInTurn(model, 5);
        if (loss === "destroyed between calls")
          engines.order({ fault: "device", when: "now" }, "webgpu");
        if (loss === "destroyed in a call")
          engines.order({ fault: "device", when: "mid-run" }, "webgpu");
        if (loss === "crashed between calls") await crashGpu();
        if (loss === "crashed in a call") {
          engines.order({ fault: "gpu-waits" }, "webgpu");
          void engines.heard("gpu-busy").then(crashGpu);
        }
        const calls = callAtOnce(model, 20, { from: 5 });
        const bystander = await callInTurn(other, 20, { bias });
        const during = await calls;
        const again = await load();
        const after = [await callInTurn(model, 5), await callInTurn(again, 5)];
        return { before, during, bystander, after, info: model.info.candidates };
      },
      { loss, name: MODEL, bystanderName: BYSTANDER, bias: BYSTANDER_BIAS },
    );
    console.log(JSON.stringify({ before, during, bystander, after, info }, null, 1));
    expect(before.right).toBe(5);
    expect(bystander.right).toBe(20);
    expect(during).toMatchObject({ right: 20, wrong: [], failed: [] });
    expect(after.map(({ right }) => right)).toEqual([5, 5]);
    await gaps.report(`a GPU that is ${loss}`);
  });

declare function crashGpu(): Promise<void>;
