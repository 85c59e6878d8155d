// Runs models for `src/runtime/model-worker.ts`, in a thread that can be ended while one of them hangs. Plain
// JavaScript outside of `src`, so that sources and build start the same file, and Node 20 can.
import { closeSync, openSync, readSync } from "node:fs";
import { env, InferenceSession } from "onnxruntime-web";
import { answerRequests } from "./answer-requests.mjs";
import { runSession } from "./run-session.mjs";

// One thread, as in a webview; more would also sum in another order.
env.wasm.numThreads = 1;
env.logLevel = "fatal";
const FATAL = 4;

/** From this many bytes on, weights are not copied once more into the order that kernels like best. */
const LARGE_BYTES = 2 ** 30;

/** Node reads no more than 2 GB at once. */
const READ_BYTES = 2 ** 30;

/**
 * A part of a file that stands in for its bytes. onnxruntime-web asks external data for its
 * `byteLength`, and for the `subarray` of one tensor at a time, which it copies into its own memory:
 * so no more than one tensor is ever here.
 */
class FileRange extends Uint8Array {
  #range;

  constructor(range) {
    super(0);
    this.#range = range;
  }

  get byteLength() {
    return this.#range.length;
  }

  subarray(start, end) {
    const { path, offset } = this.#range;
    const bytes = new Uint8Array(end - start);
    const file = openSync(path);
    try {
      for (let done = 0, read = -1; done < bytes.length; done += read) {
        const count = Math.min(bytes.length - done, READ_BYTES);
        read = readSync(file, bytes, done, count, offset + start + done);
        if (read === 0) throw new Error(`${path} was cut short while it was read`);
      }
    } finally {
      closeSync(file);
    }
    return bytes;
  }
}

/** @type {Map<number, InferenceSession>} */
const sessions = new Map();

/** What can be asked for; each answer is a value and what of it is transferred. */
answerRequests({
  async open({ session: id, graph, weights, optimization, prepacking }) {
    const externalData = weights.map(([path, content]) => ({
      path,
      data: content instanceof Uint8Array ? content : new FileRange(content),
    }));
    const bytes = externalData.reduce((sum, { data }) => sum + data.byteLength, 0);
    const session = await InferenceSession.create(graph, {
      executionProviders: ["wasm"],
      externalData,
      logSeverityLevel: FATAL,
      graphOptimizationLevel: optimization,
      ...((prepacking ?? bytes < LARGE_BYTES)
        ? {}
        : { extra: { session: { disable_prepacking: "1" } } }),
    });
    sessions.set(id, session);
    return [undefined, []];
  },
  // What is wrong is thrown too, and inputs that a model does not take are tried on purpose.
  run: ({ session: id, ...request }) =>
    runSession(sessions.get(id), request, { logSeverityLevel: FATAL }),
  async close({ session: id }) {
    const session = sessions.get(id);
    sessions.delete(id);
    await session.release();
    return [undefined, []];
  },
});
