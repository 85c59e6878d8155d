import { SelvedgeError } from "@selvedge/protocol";
import { StallGuard } from "./stall-guard.ts";

/** Documents of a registry are small; anything longer is not one. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/**
 * Sends a GET request, gives up on a host that stops sending, and turns whatever is not a usable answer into an error.
 *
 * @param options.document what to call the thing asked for in errors
 * @throws SelvedgeError `network` where no answer came, `not-found` for 404 and 410,
 * `response-invalid` for any other status that is not a success.
 */
export async function request(
  url: string,
  {
    document,
    signal,
    cache = "default",
    headers = {},
  }: {
    document: string;
    signal: AbortSignal;
    cache?: RequestCache;
    headers?: Record<string, string>;
  },
): Promise<Response> {
  const guard = new StallGuard(signal);
  let response: Response;
  try {
    response = await fetch(url, { signal: guard.signal, cache, headers });
  } catch (cause) {
    guard.end();
    throw networkError(cause, { document, url, signal });
  }
  if (response.ok) return guard.watch(response);
  guard.end();
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410)
    throw new SelvedgeError(
      "not-found",
      `${document}: ${url} answered ${response.status}. Check the model's name and the registry address.`,
      { detail: { status: response.status, url } },
    );
  throw new SelvedgeError(
    "response-invalid",
    `${document}: ${url} answered ${response.status}. Try again later, or look at the registry's host.`,
    { detail: { status: response.status, url } },
  );
}

/** Fetches a small text. @throws as `request`. */
export async function requestText(
  url: string,
  options: { document: string; signal: AbortSignal; cache?: RequestCache },
): Promise<string> {
  const response = await request(url, options);
  try {
    const text = await response.text();
    if (text.length <= DOCUMENT_LIMIT) return text;
  } catch (cause) {
    throw networkError(cause, { ...options, url });
  }
  throw new SelvedgeError(
    "response-invalid",
    `${options.document}: ${url} answered more than ${DOCUMENT_LIMIT} bytes, which no such document has. Check the registry address.`,
  );
}

/** What `fetch` or a body threw: an abort as it is, anything else as a SelvedgeError. */
export function networkError(
  cause: unknown,
  { document, url, signal }: { document: string; url: string; signal: AbortSignal },
): unknown {
  if (signal.aborted) return signal.reason;
  if (cause instanceof SelvedgeError) return cause;
  return new SelvedgeError(
    "network",
    `${document}: ${url} could not be fetched (${cause instanceof Error ? cause.message : String(cause)}). ${adviceNow()}; what was fetched so far is kept.`,
    { cause, detail: { url } },
  );
}

/** What a browser says of its network may be wrong, so it decides nothing but the words. */
function adviceNow(): string {
  return navigator.onLine
    ? "Check the connection"
    : "This device is offline: try again when it is not";
}
