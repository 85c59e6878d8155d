import type { FetchQuestion, FetchReply, FetchWish } from "./fetch-messages.ts";

/**
 * Has the page's own `fetch` answer a keeper.
 *
 * @param until ends whatever is under way
 * @returns the keeper's end, to be transferred to it
 */
export function answerFetches(fetch: typeof globalThis.fetch, until: AbortSignal): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data, ports: [reply] }: MessageEvent<FetchQuestion>) => {
    if (reply !== undefined) void answer(fetch, data, { reply, until });
  };
  return port2;
}

async function answer(
  fetch: typeof globalThis.fetch,
  { url, ...init }: FetchQuestion,
  { reply, until }: { reply: MessagePort; until: AbortSignal },
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const send = (message: FetchReply, transfer: Transferable[] = []) =>
    reply.postMessage(message, transfer);
  const end = () => {
    until.removeEventListener("abort", stop);
    reply.close();
  };
  const stop = () => {
    controller.abort();
    reader?.cancel().catch(() => undefined);
    end();
  };
  const sendOr = async (next: () => Promise<void>) => {
    try {
      await next();
    } catch (error) {
      send({ error: String(error) });
      end();
    }
  };
  until.addEventListener("abort", stop);
  reply.onmessage = ({ data }: MessageEvent<FetchWish>) => {
    if (data === "stop") return stop();
    void sendOr(async () => {
      const chunk = (await reader?.read())?.value;
      // A copy: whoever made the chunk may keep what it is a part of.
      const copy = chunk?.slice();
      send({ chunk: copy as Uint8Array<ArrayBuffer> }, copy?.buffer ? [copy.buffer] : []);
      if (copy === undefined) end();
    });
  };
  await sendOr(async () => {
    // What is no Response at all becomes one without a status, which the keeper knows what to say of.
    const response: Response = Object(await fetch(url, { ...init, signal }));
    const { status, redirected } = response;
    reader = response.body?.getReader();
    send({ status, redirected, url: response.url, headers: [...(response.headers ?? [])] });
  });
}
