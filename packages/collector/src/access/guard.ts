import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import type { CollectorConfig } from "../config/collector-config.ts";
import { Refused } from "../failure.ts";
import { createTokenCheck } from "./check-token.ts";
import { clientAddress, isLoopback } from "./client-address.ts";
import { createTokenBuckets, type Rate, type TakeFromBucket } from "./token-buckets.ts";

/** Stands before routes, and lets through what may pass. */
export type Guard = MiddlewareHandler<{ Bindings: HttpBindings }>;

/** Who may write, and who may read. */
export interface Guards {
  /** Before `/v1`: tokens that can only write. */
  readonly ingest: Guard;
  /** Before `/api` and `/metrics`: tokens that can only read. */
  readonly read: Guard;
}

/**
 * Makes the guards of a collector. Each counts a request against the bucket of its address before it
 * looks at its token, so that tokens cannot be guessed quickly, and then against that of its token.
 */
export function createGuards({ tokens, limits }: CollectorConfig): Guards {
  const takeForAddress = bucketsOf(limits.perAddress);
  const checkAddress = (request: HttpBindings["incoming"] | undefined) => {
    if (request === undefined || takeForAddress === undefined) return;
    const address = clientAddress(request, limits.proxies);
    // This machine's own: whoever is on it has other ways, and a proxy on it speaks for everyone.
    if (!isLoopback(address)) take(takeForAddress, address);
  };
  const guard = (role: "ingest" | "read", rate: Rate | undefined): Guard => {
    const check = tokens[role].length === 0 ? undefined : createTokenCheck(tokens[role]);
    const takeForToken = bucketsOf(rate);
    return async (context, next) => {
      checkAddress(context.env?.incoming);
      if (check !== undefined) {
        const name = check(context.req.header("authorization"));
        if (name === undefined) throw unauthorized(role);
        if (takeForToken !== undefined) take(takeForToken, name);
      }
      await next();
    };
  };
  return { ingest: guard("ingest", limits.perToken), read: guard("read", undefined) };
}

function bucketsOf(rate: Rate | undefined): TakeFromBucket | undefined {
  return rate === undefined ? undefined : createTokenBuckets(rate);
}

function take(takeFromBucket: TakeFromBucket, key: string): void {
  const waitS = takeFromBucket(key);
  if (waitS === 0) return;
  throw new Refused({
    status: 429,
    code: "rate-limited",
    message: "Too many requests. Nothing was stored: send it again later.",
    retryAfterS: Math.max(1, Math.ceil(waitS)),
  });
}

function unauthorized(role: "ingest" | "read"): Refused {
  return new Refused({
    status: 401,
    code: "unauthorized",
    message: `This needs ${role === "ingest" ? "an ingest" : "a read"} token. Send it as "Authorization: Bearer TOKEN".`,
  });
}
