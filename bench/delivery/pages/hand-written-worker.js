/**
 * What a careful page writes by hand: onnxruntime-web in a worker, the model in the Cache API,
 * fetched while the runtime starts.
 */
import * as ort from "onnxruntime-web/wasm";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "/hand-written/";

let session;

globalThis.onmessage = async ({ data: { load, inputs } }) => {
  try {
    if (load !== undefined) {
      session = await ort.InferenceSession.create(await cached(load));
      globalThis.postMessage({});
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

async function cached(url) {
  const cache = await caches.open("models");
  const held = await cache.match(url);
  if (held !== undefined) return new Uint8Array(await held.arrayBuffer());
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await cache.put(url, new Response(bytes));
  return bytes;
}
