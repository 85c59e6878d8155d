// Runs models for `src/model-worker.ts`, in a thread that can be ended while one of them hangs. Plain
// JavaScript outside of `src`, so that sources and build start the same file, and Node 20 can.
import { readSync } from "node:fs";
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { answerRequests } from "./answer-requests.mjs";

// One thread, as in a webview; more would also sum in another order.
env.wasm.numThreads = 1;
env.logLevel = "fatal";
const FATAL = 4;

/**
 * A part of an open file that stands in for its bytes. onnxruntime-web asks external data for its
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
    const { fd, offset } = this.#range;
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(fd, bytes, done, bytes.length - done, offset + start + done);
      if (read === 0) throw new Error("a file of weights was cut short while it was read");
      done += read;
    }
    return bytes;
  }
}

/** @type {Map<number, InferenceSession>} */
const sessions = new Map();

/** What can be asked for; each answer is a value and what of it is transferred. */
answerRequests({
  async open({ session: id, graph, weights, optimization }) {
    const externalData = weights.map(([path, content]) => ({
      path,
      data: content instanceof Uint8Array ? content : new FileRange(content),
    }));
    const session = await InferenceSession.create(graph, {
      executionProviders: ["wasm"],
      externalData,
      logSeverityLevel: FATAL,
      graphOptimizationLevel: optimization,
    });
    sessions.set(id, session);
    return [undefined, []];
  },
  async run({ session: id, inputs }) {
    const session = sessions.get(id);
    const feeds = inputs.map(({ name, dtype, dims, data }) => [
      name,
      new Tensor(dtype, data, dims),
    ]);
    // What is wrong is thrown too, and inputs that a model does not take are tried on purpose.
    const results = await session.run(Object.fromEntries(feeds), { logSeverityLevel: FATAL });
    const outputs = session.outputNames.map((name) => {
      const { type, data, dims } = results[name];
      return { name, dtype: type, dims: [...dims], data: ArrayBuffer.isView(data) ? data : null };
    });
    const buffers = outputs.flatMap(({ data }) => (data === null ? [] : [data.buffer]));
    return [outputs, [...new Set(buffers)]];
  },
  async close({ session: id }) {
    const session = sessions.get(id);
    sessions.delete(id);
    await session.release();
    return [undefined, []];
  },
});
