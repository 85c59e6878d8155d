/**
 * How a keeper fetches by the page. Each request has a port of its own; the keeper draws the body
 * chunk by chunk, as not every browser can transfer a stream.
 */
export interface FetchQuestion {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cache: RequestCache;
}

/** From the keeper: the next chunk is wanted, or nothing any more. */
export type FetchWish = "next" | "stop";

/** From the page: a head first, then a chunk for each wish; the chunk is absent at the end. */
export type FetchReply =
  | {
      readonly status: number;
      readonly headers: readonly [string, string][];
      readonly url: string;
      readonly redirected: boolean;
    }
  | { readonly chunk: Uint8Array<ArrayBuffer> | undefined }
  | { readonly error: string };
