import "@tensorflow/tfjs-backend-cpu";
import { setBackend, tensor } from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { visit } from "./visit.js";

/** TensorFlow.js on the page, with the backend that starts soonest, as its own guide keeps a model. */
void visit(async ({ release }) => {
  await setBackend("cpu");
  const kept = `indexeddb://${release}`;
  const model = await loadLayersModel(kept).catch(async () => {
    const fetched = await loadLayersModel(`/files/${release}/tfjs/model.json`);
    await fetched.save(kept);
    return fetched;
  });
  return async (inputs) => {
    const [{ data, dims }] = Object.values(inputs);
    const input = tensor(data, dims);
    const output = model.predict(input);
    const answer = { type: "float32", data: await output.data(), dims: output.shape };
    input.dispose();
    output.dispose();
    return answer;
  };
});
