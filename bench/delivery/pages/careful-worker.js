/**
 * What someone writes who knows what makes a start slow: the wasm is compiled as it arrives, from its
 * plain URL, which is the way into the browser's code cache; the model is read from IndexedDB meanwhile,
 * and its SHA-256 is held against what was stored with it.
 */
import * as ort from "onnxruntime-web/wasm";

const RUNTIME = "/hand-written/";
const GLUE = `${RUNTIME}ort-wasm-simd-threaded.mjs`;

const compiled = WebAssembly.compileStreaming(fetch(`${RUNTIME}ort-wasm-simd-threaded.wasm`));
compiled.catch(() => undefined);

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { mjs: glueAround(GLUE) };
Object.assign(globalThis, { compiled });

let session;

globalThis.onmessage = async ({ data: { load, inputs } }) => {
  try {
    if (load !== undefined) {
      const startedAt = performance.now();
      const bytes = await stored(load);
      const readMs = performance.now() - startedAt;
      await compiled;
      const createdFrom = performance.now();
      session = await ort.InferenceSession.create(bytes);
      const createMs = performance.now() - createdFrom;
      globalThis.postMessage({ stages: { compileMs: createdFrom, readMs, createMs } });
      return;
    }
    const feeds = Object.entries(inputs).map(([name, { type, data, dims }]) => [
      name,
      new ort.Tensor(type, data, dims),
    ]);
    const outputs = await session.run(Object.fromEntries(feeds));
    const output = outputs[session.outputNames[0]];
    globalThis.postMessage({ data: output.data, dims: output.dims });
  } catch (error) {
    globalThis.postMessage({ error: String(error?.message ?? error) });
  }
};

/** A module in place of onnxruntime's glue, that hands it the compiled wasm. */
function glueAround(glue) {
  const text = `
    import glue from ${JSON.stringify(new URL(glue, location.href).href)};
    export default (config) => glue({
      ...config,
      instantiateWasm(imports, received) {
        globalThis.compiled.then(async (module) =>
          received(await WebAssembly.instantiate(module, imports), module));
        return {};
      },
    });`;
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

async function stored(url) {
  const database = await opened();
  const held = await answerOf(database.transaction("files").objectStore("files").get(url));
  if (held !== undefined && (await digestOf(held.bytes)) === held.digest) return held.bytes;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const bytes = await response.arrayBuffer();
  const digest = await digestOf(bytes);
  const write = database.transaction("files", "readwrite").objectStore("files");
  await answerOf(write.put({ bytes, digest }, url));
  return bytes;
}

function opened() {
  const opening = indexedDB.open("careful", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("files");
  return answerOf(opening);
}

function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
