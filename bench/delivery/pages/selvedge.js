import { createSelvedge } from "selvedge";
import { visit } from "./visit.js";

/** The engine workers that were started, the latest last. */
const engines = [];
globalThis.Worker = class extends globalThis.Worker {
  constructor(url, options) {
    super(url, options);
    if (options?.name === "selvedge-engine") engines.push(this);
  }
};

void visit(async ({ model: name, release, dtype, build }) => {
  // What a page goes by: without it, engines are loaded as if none had been written down.
  if (build === "loading") localStorage.removeItem(`selvedge.image ${name}`);
  const selvedge = createSelvedge({ registry: "/models", assets: "/selvedge/" });
  const model = await selvedge.load(name, { channel: release, dtype, backend: "wasm" });
  const { totalMs: _, ...stages } = model.info.timings;
  const predict = async (inputs) => {
    const { outputs, timings } = await model.predict(inputs);
    stages.runMs ??= timings.runMs;
    return Object.values(outputs)[0];
  };
  predict.stages = stages;
  /** @returns milliseconds from the engine's crash to the next answer */
  predict.restart = async (inputs) => {
    const crashedAt = performance.now();
    engines.at(-1).dispatchEvent(new ErrorEvent("error", { message: "ended by the bench" }));
    await predict(inputs);
    return performance.now() - crashedAt;
  };
  return predict;
});
