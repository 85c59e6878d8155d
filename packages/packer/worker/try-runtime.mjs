// Runs one session in a runtime of its own, for `src/fit/trial.ts`: loads it or wakes it, runs it, lets
// time pass, and tells which functions of the wasm were called. Plain JavaScript, as `run-models.mjs` is.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { restore, scrub, snapshot } from "@selvedge/protocol";

const { runtime, model, settings, image, ageMs, steps } = workerData;

// The glue asks these, each time that the runtime wants to know how late it is.
let shiftMs = ageMs;
const [now, sinceStart] = [Date.now, performance.now.bind(performance)];
Date.now = () => now() + shiftMs;
performance.now = () => sinceStart() + shiftMs;

// In Node the glue prints past what a thread's output can be kept by.
fs.writeSync = (_file, text) => text.length;

const [ort, glue, { host }] = await Promise.all(
  [runtime.api, runtime.glue, runtime.shim].map((url) => import(url)),
);
host.glue = glue.default;
host.compiled = Promise.resolve(runtime.module);
host.asleep = image && Promise.resolve(asleep(image));
ort.env.wasm.wasmPaths = { mjs: runtime.shim, wasm: runtime.wasm };
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

const session = await ort.InferenceSession.create(image ? new Uint8Array(1) : model.graph, {
  executionProviders: ["wasm"],
  ...(settings.graphOptimizationLevel && {
    graphOptimizationLevel: settings.graphOptimizationLevel,
  }),
  ...(settings.prepacking === false && { extra: { session: { disable_prepacking: "1" } } }),
  ...(!image && { externalData: model.weights.map(([path, data]) => ({ path, data })) }),
});

const answers = [];
let written;
for (const step of steps) {
  if (step.kind === "run") answers.push(await answerTo(step));
  else if (step.kind === "pass") shiftMs += step.ms;
  else if (step.kind === "grow") grow();
  else if (step.kind === "write-down") written = writeDown();
  else await session.release();
}
parentPort.postMessage({ answers, calls: callsOf(host.exports), image: written });

/** The digest of what the session answers; where it may refuse, what it says. */
async function answerTo({ inputs, mayFail }) {
  const feeds = inputs.map(({ name, dtype, dims, data }) => [
    name,
    new ort.Tensor(dtype, data, dims),
  ]);
  try {
    return digestOf(await session.run(Object.fromEntries(feeds)));
  } catch (error) {
    if (mayFail && error instanceof Error && !(error instanceof WebAssembly.RuntimeError))
      return `refused: ${error.message}`;
    throw error;
  }
}

function digestOf(outputs) {
  const hash = createHash("sha256");
  for (const name of Object.keys(outputs).sort()) {
    const { type, dims, data } = outputs[name];
    hash.update(JSON.stringify([name, type, dims]));
    if (ArrayBuffer.isView(data))
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else hash.update(JSON.stringify(data));
  }
  return hash.digest("hex");
}

function grow() {
  const address = host.runtime._malloc(host.memory.buffer.byteLength);
  if (address === 0) throw new Error("the runtime's memory does not grow");
  host.runtime._free(address);
}

function asleep({ memoryBytes, runs, pages, globals, tableLength, session: handle }) {
  const { constructors, table } = runtime.facts;
  const fill = (memory) => restore(memory.buffer, { runs }, pages);
  return { memoryBytes, fill, globals, constructors, tableLength, table, session: handle };
}

function writeDown() {
  const { memory, exports } = host;
  const { globals, stackEnd, table } = runtime.facts;
  scrub({
    memory,
    malloc: (bytes) => host.runtime._malloc(bytes),
    free: (address) => host.runtime._free(address),
    stack: { end: exports[stackEnd].value >>> 0, pointer: host.runtime.stackSave() },
  });
  return {
    ...snapshot(memory.buffer),
    memoryBytes: memory.buffer.byteLength,
    globals: Object.fromEntries(globals.map((name) => [name, exports[name].value])),
    tableLength: exports[table].length,
    session: host.session,
  };
}

/** Which functions were called: `countCalls` has exported a global for each. */
function callsOf(exports) {
  return Object.keys(exports).flatMap((name) =>
    name.startsWith(runtime.mark) && exports[name].value === 1
      ? [Number(name.slice(runtime.mark.length))]
      : [],
  );
}
