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

const session = image ? await create(new Uint8Array(1), []) : await load();

const answers = [];
let written;
for (const step of steps) {
  if (step.kind === "run") answers.push(await answerTo(step));
  else if (step.kind === "pass") shiftMs += step.ms;
  else if (step.kind === "grow") grow();
  else if (step.kind === "write-down") written = writeDown();
  else if (step.kind === "another") await runAnother(step);
  else await session.release();
}
parentPort.postMessage({ answers, calls: callsOf(host.exports), image: written });

function load() {
  return create(model.graph, model.weights);
}

function create(graph, weights) {
  return ort.InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    ...(settings.graphOptimizationLevel && {
      graphOptimizationLevel: settings.graphOptimizationLevel,
    }),
    ...(settings.prepacking === false && { extra: { session: { disable_prepacking: "1" } } }),
    ...(weights.length > 0 && { externalData: weights.map(([path, data]) => ({ path, data })) }),
  });
}

async function runAnother({ inputs }) {
  const another = await load();
  await another.run(feedsOf(inputs));
  await another.release();
}

function feedsOf(inputs) {
  return Object.fromEntries(
    inputs.map(({ name, dtype, dims, data }) => [name, new ort.Tensor(dtype, data, dims)]),
  );
}

/** The digest of what the session answers; where it may refuse, what it says. */
async function answerTo({ inputs, mayFail }) {
  const feeds = feedsOf(inputs);
  try {
    return digestOf(await session.run(feeds));
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

/** As a device's worker wakes it: what the runtime runs in is for that to say, and not for the image. */
function asleep({ memoryBytes, runs, pages, globals: written, tableLength, session: handle }) {
  const { constructors, table, host } = runtime.facts;
  const globals = { ...written, [host.isMainThread]: 0, [host.mayWait]: 1 };
  const fill = (memory) => restore(memory.buffer, { runs }, pages);
  return { memoryBytes, fill, globals, constructors, tableLength, table, session: handle };
}

function writeDown() {
  const { memory, exports } = host;
  const { globals, stackEnd, stackPointer, table } = runtime.facts;
  scrub({
    memory,
    malloc: (bytes) => host.runtime._malloc(bytes),
    free: (address) => host.runtime._free(address),
    stack: { end: exports[stackEnd].value, pointer: exports[stackPointer].value },
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
