import type { Contracts } from "./contract.ts";
import { ensure, ensureSame } from "./ensure.ts";

/** What a page is told of the device it runs on. */
export const DIAGNOSIS: Contracts = {
  "a diagnosis tells the device as it is, and finds nothing wrong, before a model and with one":
    async (visit) => {
      const selvedge = visit.open();
      const before = await selvedge.diagnose();
      const { device, engine } = before;
      const { gpu } = device;
      ensureSame("whether there is a GPU", gpu.found, visit.facts.hasWebGpu);
      if (gpu.found) {
        ensureSame("whether it is a fallback", gpu.isFallback, visit.facts.isFallbackAdapter);
        const hasF16 = gpu.features.includes("shader-f16");
        ensureSame("whether it has shader-f16", hasF16, visit.facts.hasShaderF16);
        ensure(gpu.limits.maxBufferSize >= 2 ** 28, `buffers of ${gpu.limits.maxBufferSize}`);
      }
      ensureSame("JSPI", device.hasJspi, visit.facts.hasJspi);
      ensureSame("isolation", device.isIsolated, visit.facts.isIsolated);
      ensure(device.browser.brand !== "unknown", "it does not know which browser this is");
      ensure(/^\d/.test(device.browser.version), `no version: ${device.browser.version}`);
      ensureSame("the engine", engine.state, "started");

      const model = await selvedge.load("lande", { backend: "wasm" });
      await visit.ask(model);
      const diagnosis = await selvedge.diagnose();
      for (const { findings } of [before, diagnosis])
        ensureSame(
          "what is wrong",
          findings.filter(({ level }) => level === "fault"),
          [],
        );
      ensureSame(
        "the models",
        diagnosis.models.map(({ name }) => name),
        ["lande"],
      );
      ensureSame(
        "what is kept",
        diagnosis.store.packs.map(({ name }) => name),
        ["lande"],
      );
      const report = String(diagnosis);
      ensure(/^ {2}lande@/m.test(report), `the report does not name the model: ${report}`);
    },
};
