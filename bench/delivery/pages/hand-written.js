import { visit } from "./visit.js";

void visit(async ({ release, dtype }) => {
  const worker = new Worker(new URL("./hand-written-worker.js", import.meta.url), {
    type: "module",
  });
  const ask = (message) =>
    new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) =>
        data.error === undefined ? resolve(data) : reject(new Error(data.error));
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(message);
    });
  const file = dtype === "q8" ? "model_quantized.onnx" : "model.onnx";
  await ask({ load: `/files/${release}/onnx/${file}` });
  return (line) => ask(line);
});
