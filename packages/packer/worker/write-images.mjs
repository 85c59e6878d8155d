// Runs one session for `src/images/image-thread.ts`, in a thread of its own, writes down what became of the
// runtime, and wakes what was written down.
import { asleepFrom, restore, scrubbedState } from "@selvedge/protocol";
import { env, InferenceSession } from "onnxruntime-web";
import { answerRequests } from "./answer-requests.mjs";
import glueWithModule, { host } from "./glue-shim.mjs";
import { runSession } from "./run-session.mjs";
import { holdStill } from "./still-surroundings.mjs";

/** As the SDK's engine sets it; the runtime keeps it. */
const ERROR = 3;
env.logLevel = "error";
env.wasm.numThreads = 1;
env.wasm.wasmPaths = { mjs: import.meta.resolve("./glue-shim.mjs"), wasm: "the Module is given" };

let facts;
let session;

answerRequests({
  async start({ module, glue, facts: given, asleep }) {
    if (asleep === undefined) holdStill();
    facts = given;
    host.glue = (await import(glue)).default;
    host.compiled = Promise.resolve(module);
    host.asleep = asleep && Promise.resolve(asleepIn(asleep));
    return [undefined, []];
  },
  /** The runtime by itself, as onnxruntime-web initialises it. */
  async initialise() {
    const runtime = await glueWithModule({ numThreads: 1 });
    const code = await runtime._OrtInit(1, ERROR);
    if (code !== 0) throw new Error(`onnxruntime did not start (${code})`);
    return [undefined, []];
  },
  async create({ graph, weights }) {
    session = await InferenceSession.create(graph, {
      executionProviders: ["wasm"],
      externalData: weights.map(([path, data]) => ({ path, data })),
    });
    return [undefined, []];
  },
  async wake() {
    session = await InferenceSession.create(Uint8Array.of(0), { executionProviders: ["wasm"] });
    return [undefined, []];
  },
  answer: (request) => runSession(session, request),
  /** The memory is shared, and nothing runs in it from here on. */
  async "write-down"() {
    const { memory, state } = scrubbedState(host, facts);
    return [{ ...state, memory, session: host.session }, []];
  },
});

function asleepIn({ head, pages }) {
  return {
    ...asleepFrom(head, facts),
    fill: (memory) => restore(memory.buffer, head, pages),
  };
}
