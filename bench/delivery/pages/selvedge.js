import { createSelvedge } from "selvedge";
import { visit } from "./visit.js";

void visit(async ({ release, dtype }) => {
  const selvedge = createSelvedge({ registry: "/models", assets: "/selvedge/" });
  const model = await selvedge.load("rec", { channel: release, dtype, backend: "wasm" });
  return async ({ data, dims }) => {
    const { outputs } = await model.predict({ x: { type: "float32", data, dims } });
    return Object.values(outputs)[0];
  };
});
