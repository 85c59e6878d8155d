import { SelvedgeError } from "@selvedge/protocol";
import type { Network } from "./network.ts";

/** How often something is tried that brings nothing. */
const MAX_TRIES = 5;
/** An answer of another kind than it should be, such as a web page, seldom changes. */
const MAX_TRIES_OF_ODD = 2;
const BASE_MS = 400;
const LONGEST_MS = 30_000;
/** Whoever asks for more patience than this gets none: the app may know better what to do meanwhile. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** Statuses that say "not now". */
const TRANSIENT: readonly number[] = [408, 425, 429];

/**
 * Counts failures in a row, and waits after each: longer every time, and by chance, so that devices
 * which failed together do not come back together.
 */
export class Tries {
  readonly #network: Network;
  readonly #signal: AbortSignal;
  #failed = 0;
  #round = 0;

  constructor({ network, signal }: { network: Network; signal: AbortSignal }) {
    this.#network = network;
    this.#signal = signal;
  }

  /** Goes up with each failure that counted. What began in an earlier round failed for the same reason. */
  get round(): number {
    return this.#round;
  }

  /** Something came that will not have to come again: the count starts anew. */
  progressed(): void {
    this.#failed = 0;
  }

  /**
   * Waits until it is time to try again.
   *
   * @param round when what failed was begun; where others have failed since, this is the same failure
   * @throws what failed, where trying again is no use; the signal's reason, as soon as it fires.
   */
  async again(error: unknown, round: number = this.#round): Promise<void> {
    this.#signal.throwIfAborted();
    const most = triesFor(error, this.#network);
    if (round !== this.#round && most > 0) return;
    this.#failed += 1;
    this.#round += 1;
    if (this.#failed >= most) throw error;
    const { random, wait } = this.#network;
    const backoffMs = random() * Math.min(LONGEST_MS, BASE_MS * 2 ** (this.#failed - 1));
    await wait(retryAfterOf(error) + backoffMs, this.#signal);
  }
}

/** Runs something until it succeeds, or trying is no use any more. */
export async function tryOften<T>(
  run: () => Promise<T>,
  options: { network: Network; signal: AbortSignal },
): Promise<T> {
  const tries = new Tries(options);
  for (;;)
    try {
      return await run();
    } catch (error) {
      await tries.again(error);
    }
}

function triesFor(error: unknown, { isOnline }: Network): number {
  if (!(error instanceof SelvedgeError)) return 0;
  if (retryAfterOf(error) > LONGEST_RETRY_AFTER_MS) return 0;
  const { status } = error.detail;
  // A service worker or the HTTP cache may answer offline; where they did not, no one will.
  if (error.code === "network") return isOnline() ? MAX_TRIES : 0;
  if (error.code !== "response-invalid") return 0;
  if (typeof status !== "number") return MAX_TRIES_OF_ODD;
  return status >= 500 || TRANSIENT.includes(status) ? MAX_TRIES : 0;
}

function retryAfterOf(error: unknown): number {
  const ms = error instanceof SelvedgeError ? error.detail["retryAfterMs"] : undefined;
  return typeof ms === "number" ? ms : 0;
}

/**
 * What a `Retry-After` asks for, in milliseconds; `undefined` where it asks for nothing that can be
 * understood. A date is taken against the host's own clock where that is to be seen: the device's may
 * be wrong.
 */
export function readRetryAfter(headers: Headers): number | undefined {
  const value = headers.get("Retry-After")?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const [until, from] = [Date.parse(value), Date.parse(headers.get("Date") ?? "")];
  if (Number.isNaN(until)) return undefined;
  return Math.max(0, until - (Number.isNaN(from) ? Date.now() : from));
}
