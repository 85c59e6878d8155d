// Runs one session in a runtime of its own, for `src/fit/trial.ts`: loads it or wakes it, runs it, lets
// time pass, and tells which functions of the wasm were called. Plain JavaScript, as `run-models.mjs` is.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { asleepFrom, restore, scrubbedState, snapshot } from "@selvedge/protocol";
import { answerRequests } from "./answer-requests.mjs";

// The glue asks these, each time that the runtime wants to know how late it is.
let shiftMs = 0;
const [now, sinceStart] = [Date.now, performance.now.bind(performance)];
Date.now = () => now() + shiftMs;
performance.now = () => sinceStart() + shiftMs;

// In Node the glue prints past what a thread's output can be kept by.
fs.writeSync = (_file, text) => text.length;

answerRequests({
  async try({ files, module, facts, mark, model, settings, image, ageMs, steps }) {
    shiftMs = ageMs;
    const { ort, host } = await load(files, module);
    host.asleep = image && Promise.resolve(asleepIn(image, facts));
    const session = await create(ort, image ? asleepModel : model, settings);
    const answers = [];
    let written;
    for (const step of steps) {
      if (step.kind === "run") answers.push(await answerTo(ort, session, step));
      else if (step.kind === "pass") shiftMs += step.ms;
      else if (step.kind === "grow") grow(host);
      else if (step.kind === "write-down") written = writeDown(host, facts);
      else if (step.kind === "another") await runAnother(ort, { model, settings }, step);
      else await session.release();
    }
    const result = { answers, calls: callsOf(host.exports, mark), image: written };
    return [result, written ? [written.pages.buffer] : []];
  },
});

async function load({ api, glue, shim, wasm }, module) {
  const [ort, { default: start }, { host }] = await Promise.all(
    [api, glue, shim].map((url) => import(url)),
  );
  host.glue = start;
  host.compiled = Promise.resolve(module);
  ort.env.wasm.wasmPaths = { mjs: shim, wasm };
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  return { ort, host };
}

/** What onnxruntime is given to create a session from that is there already. */
const asleepModel = { graph: new Uint8Array(1), weights: undefined };

function create(ort, { graph, weights }, { graphOptimizationLevel, prepacking }) {
  return ort.InferenceSession.create(graph, {
    executionProviders: ["wasm"],
    ...(graphOptimizationLevel && { graphOptimizationLevel }),
    ...(prepacking === false && { extra: { session: { disable_prepacking: "1" } } }),
    ...(weights && { externalData: weights.map(([path, data]) => ({ path, data })) }),
  });
}

async function runAnother(ort, { model, settings }, { inputs }) {
  const another = await create(ort, model, settings);
  await another.run(feedsOf(ort, inputs));
  await another.release();
}

function feedsOf(ort, inputs) {
  return Object.fromEntries(
    inputs.map(({ name, dtype, dims, data }) => [name, new ort.Tensor(dtype, data, dims)]),
  );
}

/** The digest of what the session answers; where it may refuse, what it says. */
async function answerTo(ort, session, { inputs, mayFail }) {
  const feeds = feedsOf(ort, inputs);
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

function grow({ runtime, memory }) {
  const address = runtime._malloc(memory.buffer.byteLength);
  if (address === 0) throw new Error("the runtime's memory does not grow");
  runtime._free(address);
}

function asleepIn({ runs, pages, ...state }, facts) {
  return {
    ...asleepFrom(state, facts),
    fill: (memory) => restore(memory.buffer, { runs }, pages),
  };
}

function writeDown(host, facts) {
  const { memory, state } = scrubbedState(host, facts);
  return { ...state, ...snapshot(memory), session: host.session };
}

/** Which functions were called: `countCalls` has exported a global for each. */
function callsOf(exports, mark) {
  return Object.keys(exports).flatMap((name) =>
    name.startsWith(mark) && exports[name].value === 1 ? [Number(name.slice(mark.length))] : [],
  );
}
