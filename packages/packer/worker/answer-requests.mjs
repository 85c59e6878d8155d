import { parentPort } from "node:worker_threads";

/**
 * Answers what `src/runtime/model-worker.ts` asks of this thread, each request by its kind.
 *
 * @param {Record<string, (request: any) => Promise<[value: unknown, transfer: ArrayBuffer[]]>>} requests
 */
export function answerRequests(requests) {
  parentPort.on("message", async ({ call, kind, ...request }) => {
    try {
      const [value, transfer] = await requests[kind](request);
      parentPort.postMessage({ call, value }, transfer);
    } catch (error) {
      // What went wrong inside of WASM, such as its memory running out, leaves nothing to rely on.
      const isFatal = !(error instanceof Error) || error instanceof WebAssembly.RuntimeError;
      const message = error instanceof Error ? error.message : `it stopped with ${error}`;
      parentPort.postMessage({ call, error: message, isFatal });
    }
  });
}
