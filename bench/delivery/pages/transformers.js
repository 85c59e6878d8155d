import { env, PreTrainedModel, Tensor } from "@huggingface/transformers";
import { visit } from "./visit.js";

/** The build of onnxruntime-web: the one it takes by itself, or one for WASM alone. */
const build = new URLSearchParams(location.search).get("build") ?? "asyncify";
const suffix = build === "wasm" ? "" : `.${build}`;

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "/files/";
env.backends.onnx.wasm.wasmPaths = {
  mjs: `/runtime/ort-wasm-simd-threaded${suffix}.mjs`,
  wasm: `/runtime/ort-wasm-simd-threaded${suffix}.wasm`,
};
env.backends.onnx.wasm.numThreads = 1;

void visit(async ({ release, dtype }) => {
  const model = await PreTrainedModel.from_pretrained(release, { dtype, device: "wasm" });
  return async (inputs) => {
    const tensors = Object.entries(inputs).map(([name, { type, data, dims }]) => [
      name,
      new Tensor(type, data, dims),
    ]);
    const outputs = await model(Object.fromEntries(tensors));
    return Object.values(outputs)[0];
  };
});
