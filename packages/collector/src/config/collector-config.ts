import type { TrustAnchors } from "@selvedge/protocol";
import type { KnownToken } from "../access/check-token.ts";
import type { Rate } from "../access/token-buckets.ts";
import type { AlertsConfig } from "../alerts/alert-rule.ts";
import { DEFAULT_RETENTION } from "../store/default-retention.ts";
import { DEFAULT_ROOM } from "../store/default-room.ts";
import type { Retention, Room } from "../store/store.ts";

/** What a collector is told by its config file. */
export interface CollectorConfig {
  /** Without any of a role, that role is open to everyone who reaches the collector. */
  readonly tokens: {
    /** Can write to `/v1`, and do nothing else. */
    readonly ingest: readonly KnownToken[];
    /** Can read `/api` and `/metrics`, and do nothing else. */
    readonly read: readonly KnownToken[];
  };
  readonly limits: Limits;
  readonly cors: {
    /** Origins whose pages may send telemetry; `*` is every one. */
    readonly origins: readonly string[];
  };
  readonly retention: Retention;
  readonly store: Room;
  readonly alerts: AlertsConfig;
  /** Whose signatures manifests of the registry have to have; `undefined`: they are not checked. */
  readonly publicKeys: TrustAnchors | undefined;
}

/** How much a collector takes, and from whom. */
export interface Limits {
  /** Requests of one address, or one IPv6 network; `undefined`: as many as come. */
  readonly perAddress: Rate | undefined;
  /** Requests with one ingest token; `undefined`: as many as come. */
  readonly perToken: Rate | undefined;
  /** Reverse proxies before the collector, whose `X-Forwarded-For` says who asked. */
  readonly proxies: number;
  /** Connections at a time; further ones are closed. */
  readonly connections: number;
  /** How long the head of a request may take to arrive. */
  readonly headersTimeoutMs: number;
  /** How long a whole request may take to arrive. */
  readonly requestTimeoutMs: number;
  /** Bytes of bodies that are held at a time. */
  readonly bodyBytes: number;
  /** Values that a label may have in a day; what more there are is counted as `other`. */
  readonly valuesPerLabel: number;
  /** Combinations of labels that there may be in a day. */
  readonly series: number;
}

/** What holds where a config says nothing. */
export const DEFAULT_CONFIG: CollectorConfig = {
  tokens: { ingest: [], read: [] },
  limits: {
    perAddress: { perSecond: 100, burst: 1000 },
    perToken: undefined,
    proxies: 0,
    connections: 10_000,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    bodyBytes: 64 * 1024 * 1024,
    valuesPerLabel: 1000,
    series: 20_000,
  },
  cors: { origins: ["*"] },
  retention: DEFAULT_RETENTION,
  store: DEFAULT_ROOM,
  alerts: { everyMs: 60_000, rules: [] },
  publicKeys: undefined,
};
