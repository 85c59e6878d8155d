import { pause } from "../tabs/pause.ts";
import type { MeteredDownloads } from "../worker/keeper-api.ts";
import { isMetered } from "./metered.ts";

/** The part of `fetch` that a registry is asked with. Cookies and modes are whoever provides it's to choose. */
export type Fetch = (
  url: string,
  init: {
    readonly headers: Readonly<Record<string, string>>;
    readonly cache: RequestCache;
    readonly signal: AbortSignal;
  },
) => Promise<FetchResponse>;

/** The part of a `Response` that delivery looks at. */
export type FetchResponse = Pick<Response, "status" | "headers" | "url" | "redirected" | "body">;

/** How delivery reaches registries, and whatever its patience hangs on: tests bring their own. */
export interface Network {
  readonly fetch: Fetch;
  /** The page's own: what is asked of it needs no permission beforehand. */
  readonly origin: string;
  /** Whether the device says that it has a connection at all. */
  readonly isOnline: () => boolean;
  readonly isMetered: () => boolean;
  readonly meteredDownloads: MeteredDownloads;
  /** A host that sends nothing for this long will not send the rest either. */
  readonly stallMs: number;
  /** Milliseconds, of a clock that is never set. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Resolves after a while. @throws the signal's reason, at once */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The network as this worker has it, but for what is given. */
export function browserNetwork(own: Partial<Network> = {}): Network {
  return {
    fetch: (url, init) => fetch(url, init),
    origin: location.origin,
    isOnline: () => navigator.onLine,
    isMetered: () => isMetered(navigator),
    meteredDownloads: "foreground",
    stallMs: 30_000,
    now: () => performance.now(),
    random: Math.random,
    wait: pause,
    ...own,
  };
}
