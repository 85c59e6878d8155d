import type { OtlpBatch } from "@selvedge/protocol";
import { type Answer, readAnswer, UNANSWERED } from "./answer.ts";

/** A collector that does not answer must not hold up the rest for good. */
const TIMEOUT_MS = 30_000;

/** Whom batches go to. */
export interface Collector {
  /** Absolute, without `/metrics`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends a batch, compressed where the browser can. Never rejects.
 *
 * @param until aborts it
 */
export async function post(
  { endpoint, headers }: Collector,
  batch: OtlpBatch,
  until: AbortSignal,
): Promise<Answer> {
  // Not AbortSignal.any, which webviews of 2023 lack.
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, TIMEOUT_MS);
  until.addEventListener("abort", abort);
  try {
    until.throwIfAborted();
    const text = JSON.stringify(batch.body);
    const compressed = await gzip(text);
    const response = await fetch(`${endpoint}/${batch.signal}`, {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        ...(compressed === undefined ? {} : { "content-encoding": "gzip" }),
      },
      body: compressed ?? text,
      signal: controller.signal,
    });
    return await readAnswer(response);
  } catch {
    return UNANSWERED;
  } finally {
    clearTimeout(timer);
    until.removeEventListener("abort", abort);
  }
}

/** Sends a batch in a way that outlives the page: at once, and so uncompressed. Never rejects. */
export async function postLast(
  { endpoint, headers }: Collector,
  { signal, body }: OtlpBatch,
): Promise<Answer> {
  try {
    const response = await fetch(`${endpoint}/${signal}`, {
      method: "POST",
      keepalive: true,
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return await readAnswer(response);
  } catch {
    return UNANSWERED;
  }
}

async function gzip(text: string): Promise<ArrayBuffer | undefined> {
  if (typeof CompressionStream === "undefined") return undefined;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
