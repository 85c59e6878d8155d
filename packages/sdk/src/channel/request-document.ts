import { SelvedgeError } from "@selvedge/protocol";
import { networkError, request } from "../delivery/request.ts";

/** Signed documents are small: a few kilobytes. Anything longer is not one, and is not read to its end. */
const MOST_BYTES = 1024 * 1024;

/** A document as a host sent it. */
export interface FetchedDocument {
  readonly text: string;
  /** The host's clock, in milliseconds since 1970, where it said. */
  readonly hostTime: number | undefined;
}

/**
 * Fetches a document that may have changed since it was last asked for.
 *
 * @throws as `request`, and SelvedgeError `response-invalid` for more than a document can be.
 */
export async function requestDocument(
  url: string,
  { document, signal }: { document: string; signal: AbortSignal },
): Promise<FetchedDocument> {
  const response = await request(url, { document, signal, cache: "no-cache" });
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  const reader = response.body?.getReader();
  try {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      bytes += next.value.byteLength;
      if (bytes > MOST_BYTES) break;
      text += decoder.decode(next.value, { stream: true });
    }
  } catch (cause) {
    throw networkError(cause, { document, url, signal });
  } finally {
    // A body that was read to its end takes no notice.
    await reader?.cancel().catch(() => undefined);
  }
  if (bytes > MOST_BYTES)
    throw new SelvedgeError(
      "response-invalid",
      `${document}: ${url} answered more than ${MOST_BYTES} bytes, which no such document has. Check the registry address.`,
    );
  const hostTime = Date.parse(response.headers.get("date") ?? "");
  return {
    text: text + decoder.decode(),
    hostTime: Number.isNaN(hostTime) ? undefined : hostTime,
  };
}
