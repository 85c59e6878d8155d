import type { Network } from "../delivery/network.ts";
import { requestText } from "../delivery/request.ts";

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
  options: { document: string; network: Network; signal: AbortSignal },
): Promise<FetchedDocument> {
  const limitBytes = MOST_BYTES;
  const { text, headers } = await requestText(url, { ...options, cache: "no-cache", limitBytes });
  const hostTime = Date.parse(headers.get("date") ?? "");
  return { text, hostTime: Number.isNaN(hostTime) ? undefined : hostTime };
}
