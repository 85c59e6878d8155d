// Runs models of TensorFlow.js for `src/runtime/model-worker.ts`, in a thread that can be ended while one of
// them hangs: see `run-models.mjs`, which does the same for ONNX.
import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { engine, env, io, setBackend, tensor } from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { answerRequests } from "./answer-requests.mjs";

// Checks of every value that passes by are for whoever writes a model.
env().set("PROD", true);
await setBackend("cpu");

/** @type {Map<number, {outputNames: string[], run: Function, dispose: Function}>} */
const sessions = new Map();

answerRequests({
  async "open-tfjs"({ session: id, format, artifacts }) {
    const load = format === "graph-model" ? graphModel : layersModel;
    const { declared, ...session } = await load(io.fromMemory(artifacts));
    sessions.set(id, session);
    return [declared, []];
  },
  async run({ session: id, inputs, wanted }) {
    const { outputNames, run } = sessions.get(id);
    // Whatever a run makes goes with it, however it ends.
    engine().startScope();
    try {
      const feeds = inputs.map(({ name, dtype, dims, data }) => [name, tensor(data, dims, dtype)]);
      const results = [await run(Object.fromEntries(feeds))].flat();
      const outputs = await Promise.all(
        (wanted ?? outputNames).map(async (name) => {
          const result = results[outputNames.indexOf(name)];
          const { dtype, shape: dims } = result;
          const hasNumbers = dtype !== "string" && dtype !== "complex64";
          const data = hasNumbers ? await result.data() : null;
          return { name, dtype, dims, data };
        }),
      );
      // Not transferred: an output may be the very array of a weight.
      return [outputs, []];
    } finally {
      engine().endScope();
    }
  },
  async close({ session: id }) {
    sessions.get(id).dispose();
    sessions.delete(id);
    return [undefined, []];
  },
});

async function graphModel(handler) {
  const model = await loadGraphModel(handler);
  const { inputNodes, inputs, outputNodes } = model;
  let isDynamic = false;
  return {
    declared: {
      inputs: inputNodes.map((name, index) => described(name, inputs[index])),
      outputs: outputNodes.map((name) => described(name)),
    },
    outputNames: outputNodes,
    /** Only loops and branches need the slower way, and a model says so when it is run. */
    async run(feeds) {
      if (!isDynamic)
        try {
          return model.execute(feeds, outputNodes);
        } catch (error) {
          if (!error.message.includes("executeAsync")) throw error;
          isDynamic = true;
        }
      return await model.executeAsync(feeds, outputNodes);
    },
    dispose: () => model.dispose(),
  };
}

async function layersModel(handler) {
  const model = await loadLayersModel(handler);
  const { inputs, outputs } = model;
  // A Sequential model has no lists of names.
  const inputNames = inputs.map(({ sourceLayer }) => sourceLayer.name);
  const outputNames = outputs.map(({ sourceLayer }) => sourceLayer.name);
  if (new Set(outputNames).size < outputNames.length)
    throw new Error(`several of its outputs are called the same (${outputNames.join(", ")})`);
  return {
    declared: {
      inputs: inputNames.map((name, index) => described(name, inputs[index])),
      outputs: outputNames.map((name, index) => described(name, outputs[index])),
    },
    outputNames,
    async run(feeds) {
      return model.predictOnBatch(
        inputNames.map((name) => {
          if (feeds[name] === undefined) throw new Error(`input "${name}" is missing`);
          return feeds[name];
        }),
      );
    },
    dispose: () => model.dispose(),
  };
}

/** A value as the model declares it; what it does not say is left out. */
function described(name, { dtype, shape } = {}) {
  return { name, dtype, dims: shape?.map((size) => (size === null || size < 0 ? -1 : size)) };
}
