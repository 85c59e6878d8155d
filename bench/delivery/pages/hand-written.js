import { askWorker } from "./ask-worker.js";
import { visit } from "./visit.js";

void visit(async ({ release, dtype }) => {
  const ask = askWorker(
    new Worker(new URL("./hand-written-worker.js", import.meta.url), { type: "module" }),
  );
  const file = dtype === "q8" ? "model_quantized.onnx" : "model.onnx";
  await ask({ load: `/files/${release}/onnx/${file}` });
  return (inputs) => ask({ inputs });
});
