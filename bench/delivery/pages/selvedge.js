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

void visit(async ({ release, dtype }) => {
  const selvedge = createSelvedge({ registry: "/models", assets: "/selvedge/" });
  const model = await selvedge.load("rec", { channel: release, dtype, backend: "wasm" });
  const predict = async ({ data, dims }) => {
    const { outputs } = await model.predict({ x: { type: "float32", data, dims } });
    return Object.values(outputs)[0];
  };
  /** @returns milliseconds from the engine's crash to the next answer */
  predict.restart = async (line) => {
    const crashedAt = performance.now();
    engines.at(-1).dispatchEvent(new ErrorEvent("error", { message: "ended by the bench" }));
    await predict(line);
    return performance.now() - crashedAt;
  };
  return predict;
});
