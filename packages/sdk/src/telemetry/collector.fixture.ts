import type { OtlpBatch } from "@selvedge/protocol";
import { vi } from "vitest";

/** A request that a collector was sent. */
export interface Received {
  readonly url: string;
  readonly init: RequestInit;
  readonly request: OtlpBatch;
}

/** Answers requests for telemetry in place of a collector, until globals are unstubbed. */
export function collectorDouble(
  answer: (one: Received) => Response | Promise<Response> = () => new Response("{}"),
): Received[] {
  const { fetch } = globalThis;
  const received: Received[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    if (!/\/v1\/(metrics|logs|traces)$/.test(String(url))) return fetch(url, init);
    const one = { url, init, request: await decode(url, init) };
    received.push(one);
    return Promise.race([answer(one), aborted(init.signal)]);
  });
  return received;
}

/** As fetch does, it rejects when it is given up. */
function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

async function decode(url: string, { body, headers }: RequestInit): Promise<OtlpBatch> {
  const isZipped = new Headers(headers).has("content-encoding");
  const stream = new Response(body ?? null).body;
  const plain = isZipped ? stream?.pipeThrough(new DecompressionStream("gzip")) : stream;
  const signal = url.split("/").at(-1);
  return { signal, body: await new Response(plain ?? null).json() } as OtlpBatch;
}
