import type { FetchQuestion, FetchReply, FetchWish } from "./fetch-messages.ts";

/**
 * Has the page's own `fetch` answer a keeper.
 *
 * @param page the page's end of a channel; what has come over it by now is answered too
 * @param until ends whatever is under way
 */
export function answerFetches(
  fetch: typeof globalThis.fetch,
  { page, until }: { page: MessagePort; until: AbortSignal },
): void {
  page.onmessage = ({ data, ports: [port] }: MessageEvent<FetchQuestion>) => {
    if (port !== undefined) void answer(fetch, data, { port, until });
  };
}

async function answer(
  fetch: typeof globalThis.fetch,
  { url, ...init }: FetchQuestion,
  { port, until }: { port: MessagePort; until: AbortSignal },
): Promise<void> {
  const controller = new AbortController();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const end = () => {
    until.removeEventListener("abort", stop);
    port.close();
  };
  const stop = () => {
    controller.abort();
    reader?.cancel().catch(() => undefined);
    end();
  };
  const reply = async (next: () => Promise<FetchReply>) => {
    try {
      const message = await next();
      const chunk = "chunk" in message ? message.chunk : message;
      port.postMessage(message, chunk instanceof Uint8Array ? [chunk.buffer] : []);
      if (chunk === undefined) end();
    } catch (error) {
      port.postMessage({ error: String(error) });
      stop();
    }
  };
  until.addEventListener("abort", stop);
  port.onmessage = ({ data }: MessageEvent<FetchWish>) => {
    if (data === "stop") stop();
    // A copy: whoever made the chunk may keep what it is a part of.
    else void reply(async () => ({ chunk: (await reader?.read())?.value?.slice() }));
  };
  await reply(async () => {
    // What is no Response at all becomes one without a status, which the keeper knows what to say of.
    const response: Response = Object(await fetch(url, { ...init, signal: controller.signal }));
    const { status, redirected, headers, body } = response;
    reader = body?.getReader();
    return { status, redirected, url: response.url, headers: [...(headers ?? [])] };
  });
}
