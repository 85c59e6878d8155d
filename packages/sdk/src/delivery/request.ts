import { SelvedgeError } from "@selvedge/protocol";
import { Answer } from "./answer.ts";
import type { FetchResponse, Network } from "./network.ts";
import { StallGuard } from "./stall-guard.ts";
import { readRetryAfter, tryOften } from "./tries.ts";

/** Documents of a registry are small; anything longer is not one. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/** How a registry is asked for something. */
export interface RequestOptions {
  /** What to call the thing asked for in errors. */
  readonly document: string;
  readonly network: Network;
  readonly signal: AbortSignal;
  readonly cache?: RequestCache;
  readonly headers?: Readonly<Record<string, string>>;
  /** For how long the host may be silent; the network's own patience where nothing is known of the host. */
  readonly stallMs?: number;
}

/**
 * Sends a GET request, once, gives up on a host that stops sending, and turns whatever is not a
 * usable answer into an error. Redirects are followed, and forgotten: the next request goes to the
 * registry again.
 *
 * @throws SelvedgeError `network` where no answer came, `not-found` for 404 and 410,
 * `response-invalid` for any other status that is not a success, and for a web page.
 */
export async function request(url: string, options: RequestOptions): Promise<Answer> {
  const { document, network, signal, cache = "default", headers = {} } = options;
  const guard = new StallGuard(signal, options.stallMs ?? network.stallMs);
  const about = { url, document, network, signal };
  let response: FetchResponse;
  try {
    response = await guard.wait(network.fetch(url, { signal: guard.signal, cache, headers }));
  } catch (cause) {
    guard.end();
    throw networkError(cause, about);
  }
  const answer = new Answer(response, { guard, wrap: (cause) => networkError(cause, about) });
  const wrong = whatIsWrong(response, about);
  if (wrong === undefined) return answer;
  answer.end();
  throw wrong;
}

/**
 * Fetches a small text, and tries again where that may help.
 *
 * @param options.limitBytes what no such document is longer than
 * @throws as `request`, and SelvedgeError `response-invalid` for more than that.
 */
export function requestText(
  url: string,
  { limitBytes = DOCUMENT_LIMIT, ...options }: RequestOptions & { readonly limitBytes?: number },
): Promise<{ text: string; headers: Headers }> {
  return tryOften(async () => {
    const answer = await request(url, options);
    try {
      const decoder = new TextDecoder();
      let text = "";
      let bytes = 0;
      for (let chunk = await answer.read(); chunk !== undefined; chunk = await answer.read()) {
        bytes += chunk.byteLength;
        if (bytes > limitBytes)
          throw new SelvedgeError(
            "response-invalid",
            `${options.document}: ${url} answered more than ${limitBytes} bytes, which no such document has. Check the registry address.`,
            { detail: { url } },
          );
        text += decoder.decode(chunk, { stream: true });
      }
      return { text: text + decoder.decode(), headers: answer.headers };
    } finally {
      answer.end();
    }
  }, options);
}

type About = Pick<RequestOptions, "document" | "network" | "signal"> & { readonly url: string };

function whatIsWrong(
  { status, headers }: FetchResponse,
  { document, url }: About,
): SelvedgeError | undefined {
  const isPage = headers.get("Content-Type")?.startsWith("text/html") === true;
  if (status >= 200 && status < 300 && !isPage) return undefined;
  if (status >= 200 && status < 300)
    // What a captive portal answers, or a host for single-page apps in place of a file it lacks.
    return new SelvedgeError(
      "response-invalid",
      `${document}: ${url} answered with a web page. Check that this network does not ask for a login, that the registry address is right, and that its host answers 404 for what it lacks.`,
      { detail: { url } },
    );
  if (status === 404 || status === 410)
    return new SelvedgeError(
      "not-found",
      `${document}: ${url} answered ${status}. Check the model's name and the registry address.`,
      { detail: { status, url } },
    );
  const retryAfterMs = readRetryAfter(headers);
  const when = retryAfterMs === undefined ? "later" : `in ${Math.ceil(retryAfterMs / 1000)} s`;
  return new SelvedgeError(
    "response-invalid",
    `${document}: ${url} answered ${status}. Try again ${when}, or look at the registry's host.`,
    { detail: { status, url, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } },
  );
}

/** What `fetch` or a body threw: an abort as it is, anything else as a SelvedgeError. */
function networkError(cause: unknown, { document, url, network, signal }: About): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof SelvedgeError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SelvedgeError(
    "network",
    network.isOnline()
      ? `${document}: ${url} could not be fetched (${why}). Check the connection; what was fetched so far is kept.`
      : `${document}: ${url} could not be fetched: the device is offline. Try again when it is online; what was fetched so far is kept.`,
    { cause, detail: { url } },
  );
}
