import { Refused } from "../failure.ts";

const RETRY_AFTER_S = 2;

/** How many bytes of bodies are held at a time. */
export interface ByteBudget {
  /** Counts the bytes of one request. */
  open(): HeldBytes;
}

/** The bytes of one request. */
export interface HeldBytes {
  /** Counts more of them; `false` where there is no room, or where they have been given up. */
  take(bytes: number): boolean;
  /** Is told when they are given up for others: none of them may be held from then on. */
  whenGivenUp(told: () => void): void;
  /** Says that the request has arrived. Until then its bytes are given up where others need the room. */
  arrived(): void;
  /** Counts none of them any more. */
  release(): void;
}

interface Holder {
  bytes: number;
  giveUp: () => void;
}

/**
 * Makes a budget over all requests together. The size of one body is bounded, and so is the number of
 * requests, but not their product: 256 requests of 8 MiB would be 2 GiB.
 *
 * Where there is no room, the request that has been arriving for longest gives up its own: whoever sends
 * slowly, or nothing more, must not stand in the way of everyone else.
 */
export function createByteBudget(limitBytes: number): ByteBudget {
  let held = 0;
  /** Those that are arriving, the one that began first before others. */
  const arriving = new Set<Holder>();

  /** Those that are to give up their bytes so that there is room; `undefined` where that does not help. */
  const inTheWay = (own: Holder, bytes: number): Holder[] | undefined => {
    const found: Holder[] = [];
    let room = limitBytes - held;
    for (const holder of arriving) {
      if (room >= bytes || holder === own) break;
      found.push(holder);
      room += holder.bytes;
    }
    return room >= bytes ? found : undefined;
  };

  return {
    open: () => {
      let told = (): void => undefined;
      let isGivenUp = false;
      const own: Holder = {
        bytes: 0,
        giveUp: () => {
          isGivenUp = true;
          release();
          told();
        },
      };
      const release = (): void => {
        held -= own.bytes;
        own.bytes = 0;
        arriving.delete(own);
      };
      arriving.add(own);
      return {
        take: (bytes) => {
          const others = isGivenUp ? undefined : inTheWay(own, bytes);
          if (others === undefined) return false;
          for (const other of others) other.giveUp();
          held += bytes;
          own.bytes += bytes;
          return true;
        },
        whenGivenUp: (callback) => {
          told = callback;
        },
        arrived: () => {
          arriving.delete(own);
        },
        release,
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
