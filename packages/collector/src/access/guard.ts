import type { IncomingMessage } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import type { CollectorConfig } from "../config/collector-config.ts";
import { Refused } from "../failure.ts";
import { createTokenCheck } from "./check-token.ts";
import { clientAddress, isLoopback } from "./client-address.ts";
import { createTokenBuckets, type Rate, type TakeFromBucket } from "./token-buckets.ts";

/** Who may write, and who may read. */
export interface Guards {
  /** Of `/v1`: tokens that can only write. Throws Refused where a request may not pass. */
  readonly ingest: (request: IncomingMessage) => void;
  /** Before `/api` and `/metrics`: tokens that can only read. */
  readonly read: MiddlewareHandler<{ Bindings: HttpBindings }>;
}

/** Lets through, or throws Refused; a request that comes from no network has no address. */
type Admit = (request: IncomingMessage | undefined, authorization: string | undefined) => void;

/**
 * Makes the guards of a collector. Each counts a request against the bucket of its address before it
 * looks at its token, so that tokens cannot be guessed quickly, and then against that of its token.
 */
export function createGuards({ tokens, limits }: CollectorConfig): Guards {
  const takeForAddress = bucketsOf(limits.perAddress);
  const checkAddress = (request: IncomingMessage | undefined) => {
    if (request === undefined || takeForAddress === undefined) return;
    const address = clientAddress(request, limits.proxies);
    // This machine's own: whoever is on it has other ways, and a proxy on it speaks for everyone.
    if (!isLoopback(address)) take(takeForAddress, address);
  };
  const guard = (role: "ingest" | "read", rate: Rate | undefined): Admit => {
    const check = tokens[role].length === 0 ? undefined : createTokenCheck(tokens[role]);
    const takeForToken = bucketsOf(rate);
    return (request, authorization) => {
      checkAddress(request);
      if (check === undefined) return;
      const name = check(authorization);
      if (name === undefined) throw unauthorized(role);
      if (takeForToken !== undefined) take(takeForToken, name);
    };
  };
  const admitToIngest = guard("ingest", limits.perToken);
  const admitToRead = guard("read", undefined);
  return {
    ingest: (request) => admitToIngest(request, request.headers.authorization),
    read: async (context, next) => {
      admitToRead(context.env?.incoming, context.req.header("authorization"));
      await next();
    },
  };
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
