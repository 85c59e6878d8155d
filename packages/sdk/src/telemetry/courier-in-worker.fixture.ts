/** A worker with a courier of its own. Tells what a collector would have been sent, as JSON. */
import type { OtlpBatch } from "@selvedge/protocol";
import { Courier, type CourierSettings } from "./courier.ts";

globalThis.fetch = async (url, init) => {
  const zipped = new Response(init?.body ?? null).body;
  const plain = zipped?.pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(plain ?? null).text();
  globalThis.postMessage({ url: String(url), text });
  return new Response("{}");
};

globalThis.onmessage = async ({
  data: { settings, batch },
}: MessageEvent<{ settings: CourierSettings; batch: OtlpBatch }>) => {
  const courier = new Courier(settings, { onDone: () => undefined, onDenied: () => undefined });
  await courier.add(batch);
  await courier.flush();
  courier.end();
  globalThis.postMessage("done");
};
