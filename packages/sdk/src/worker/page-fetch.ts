import { SelvedgeError } from "@selvedge/protocol";
import type { Fetch, FetchResponse } from "../delivery/network.ts";
import type { FetchQuestion, FetchReply, FetchWish } from "./fetch-messages.ts";

/** A `fetch` that asks the page's, which answers at the other end of a port. */
export function pageFetch(page: MessagePort): Fetch {
  return (url, { headers, cache, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const { port1: port, port2 } = new MessageChannel();
      let body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
      let onChunk = () => {};
      const wish = (what: FetchWish) => port.postMessage(what);
      const end = () => {
        signal.removeEventListener("abort", abort);
        port.close();
        onChunk();
      };
      const fail = (error: unknown) => {
        reject(error);
        body?.error(error);
        end();
      };
      const abort = () => {
        wish("stop");
        fail(signal.reason);
      };
      const refuse = (why: string) => {
        wish("stop");
        fail(notAResponse(url, why));
      };
      const stream = () =>
        new ReadableStream<Uint8Array<ArrayBuffer>>(
          {
            start: (controller) => {
              body = controller;
            },
            pull: () =>
              new Promise<void>((pulled) => {
                onChunk = pulled;
                wish("next");
              }),
            cancel: () => {
              wish("stop");
              end();
            },
          },
          { highWaterMark: 0 },
        );
      port.onmessage = ({ data }: MessageEvent<FetchReply>) => {
        if ("error" in data) return fail(new TypeError(`the page's fetch: ${data.error}`));
        if (!("chunk" in data)) {
          const response = readHead(data, stream);
          return typeof response === "string" ? refuse(response) : resolve(response);
        }
        const { chunk } = data;
        if (chunk === undefined) {
          body?.close();
          return end();
        }
        if (!(chunk instanceof Uint8Array)) return refuse("its body is not one of bytes");
        body?.enqueue(chunk);
        onChunk();
      };
      signal.addEventListener("abort", abort);
      const question: FetchQuestion = { url, headers, cache };
      page.postMessage(question, [port2]);
    });
}

/** A response by its head; a string says why it is none. */
function readHead(
  { status, headers, url, redirected }: Exclude<FetchReply, { chunk: unknown } | { error: string }>,
  body: () => ReadableStream<Uint8Array<ArrayBuffer>>,
): FetchResponse | string {
  if (status === 0) return `it is opaque: ask with mode "cors", and follow redirects`;
  if (!(Number.isInteger(status) && status >= 200 && status < 600))
    return `its status is ${String(status)}`;
  try {
    return {
      status,
      headers: new Headers(headers.map(([name, value]) => [name, value])),
      url: typeof url === "string" ? url : "",
      redirected: redirected === true,
      body: body(),
    };
  } catch {
    return "its headers are no headers";
  }
}

function notAResponse(url: string, why: string): SelvedgeError {
  return new SelvedgeError(
    "options-invalid",
    `The option fetch has to answer ${url} with a Response as fetch does, but ${why}. Return what fetch returns, or a new Response.`,
    { detail: { url } },
  );
}
