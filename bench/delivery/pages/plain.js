/** onnxruntime-web as its own documentation begins: on the page, from the model's address. */
import * as ort from "onnxruntime-web";
import { visit } from "./visit.js";

ort.env.wasm.wasmPaths = "/hand-written/";

void visit(async ({ release, dtype }) => {
  const file = dtype === "q8" ? "model_quantized.onnx" : "model.onnx";
  const session = await ort.InferenceSession.create(`/files/${release}/onnx/${file}`);
  return async (inputs) => {
    const feeds = Object.entries(inputs).map(([name, { type, data, dims }]) => [
      name,
      new ort.Tensor(type, data, dims),
    ]);
    const outputs = await session.run(Object.fromEntries(feeds));
    return outputs[session.outputNames[0]];
  };
});
