import { Refused } from "../failure.ts";

const RETRY_AFTER_S = 2;

/** How many bytes of bodies are held at a time. */
export interface ByteBudget {
  /** Counts the bytes of one request until `release`; `take` is `false` where there is no room. */
  open(): { take(bytes: number): boolean; release(): void };
}

/**
 * Makes a budget over all requests together. The size of one body is bounded, and so is the number of
 * requests, but not their product: 256 requests of 8 MiB would be 2 GiB.
 */
export function createByteBudget(limitBytes: number): ByteBudget {
  let held = 0;
  return {
    open: () => {
      let own = 0;
      return {
        take: (bytes) => {
          if (held + bytes > limitBytes) return false;
          held += bytes;
          own += bytes;
          return true;
        },
        release: () => {
          held -= own;
          own = 0;
        },
      };
    },
  };
}

/** What a request is told that came while there is no room for it. */
export function busy(): Refused {
  return new Refused({
    status: 429,
    code: "busy",
    message: "Too many requests at once. Nothing was stored: send it again later.",
    retryAfterS: RETRY_AFTER_S,
  });
}
