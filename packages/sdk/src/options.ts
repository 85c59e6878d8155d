import {
  type Dtype,
  isModelName,
  isVersion,
  type OtlpBatch,
  SelvedgeError,
} from "@selvedge/protocol";
import {
  type DistributionPolicy,
  distributionPolicy,
} from "./distributions/distribution-policy.ts";
import { type PredictionPolicy, predictionPolicy } from "./predictions/prediction-policy.ts";
import { anchorsOf, type PublicKeys } from "./public-keys.ts";
import type { MemoryPolicy } from "./serving/memory-budget.ts";
import type { UpdatePolicy } from "./serving/model-update.ts";
import type { PageTracer } from "./telemetry/page-tracer.ts";
import type { TelemetrySettings } from "./telemetry/reporter-settings.ts";
import type { TraceParent } from "./telemetry/trace-context.ts";
import type { TracingOptions } from "./telemetry/tracing.ts";
import type { Backend } from "./worker/engine-api.ts";
import type { CachePolicy, MeteredDownloads, Progress } from "./worker/keeper-api.ts";
import type { WorkerSource } from "./worker/spawn.ts";

/** Of every hundred predictions one: enough to see what a slow one waited for. */
const TRACED_SHARE = 0.01;

/** What `createSelvedge` takes. */
export interface SelvedgeOptions {
  /** Where packs lie: any static host, such as `"/models"`. Relative to the page. */
  readonly registry: string | URL;
  /**
   * Whose signatures to believe. Given, a pack or a channel document that is unsigned, wrongly signed,
   * expired, another model's or older than one seen before is refused, and what served before goes on
   * serving. Absent: no signature is looked at.
   */
  readonly publicKeys?: PublicKeys;
  /**
   * Where the runtime files lie that `selvedge assets` wrote. The page's own origin; never a CDN.
   * @default "/selvedge/"
   */
  readonly assets?: string | URL;
  /**
   * Asks the registry in place of the worker's own `fetch`, for instance with a header that says who is
   * asking. Called with an address and `headers`, `cache` and `signal`, all of which matter; a body is
   * taken as it streams.
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * What may be downloaded while the browser says that the connection is metered, or that its user
   * wants to save data: everything, only what a `load` waits for, or nothing.
   * @default "foreground"
   */
  readonly meteredDownloads?: MeteredDownloads;
  /** Absent: nothing is ever sent. */
  readonly telemetry?: TelemetryOptions;
  /** How much models may take on this device, and what goes when there is no room for another. */
  readonly cache?: CachePolicy;
  /** Which predictions are written down on this device, and how many of them are kept. */
  readonly predictions?: PredictionPolicy;
  /** How much memory the engines of all models may take together, and how many workers. */
  readonly memory?: MemoryPolicy;
  /** Replaces the workers that ship with the package, for pages that have to host them elsewhere. */
  readonly workers?: { readonly keeper?: WorkerSource; readonly engine?: WorkerSource };
}

/** Where measurements go. Inputs and outputs never do. */
export interface TelemetryOptions {
  /**
   * An OTLP/HTTP address; `/metrics`, `/logs` and `/traces` are appended. Absent: nothing is sent, and
   * spans go to `tracer` alone.
   */
  readonly endpoint?: string | URL;
  /**
   * The `service.name` of what is sent.
   * @default "selvedge"
   */
  readonly service?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * How inputs and outputs of models are distributed is told as counts, of packs that have a reference;
   * `false`: it is not.
   * @default {}
   */
  readonly distributions?: DistributionPolicy | false;
  /**
   * Bytes that may wait on the device for a collector; past that the oldest is dropped.
   * @default 5 MiB
   */
  readonly maxBytes?: number;
  /**
   * Milliseconds that something may wait on the device.
   * @default 7 days
   */
  readonly maxAgeMs?: number;
  /**
   * `required`: nothing is measured before `telemetry.enable()` was called on this device.
   * @default "granted"
   */
  readonly consent?: "granted" | "required";
  /**
   * Whether Do-Not-Track and Global Privacy Control turn telemetry off.
   * @default true
   */
  readonly respectPrivacySignals?: boolean;
  /** Called with each request that was acknowledged: its body exactly as it was sent. */
  readonly onSend?: (batch: OtlpBatch) => void;
  /** Which predictions become spans. Loads all do. */
  readonly traces?: {
    /**
     * The share of predictions, from 0 to 1, where no `traceparent` that was handed over decides.
     * @default 0.01
     */
    readonly sample?: number;
  };
  /**
   * The page's own OpenTelemetry, by a Tracer of `@opentelemetry/api`: spans go there, under whatever
   * span is active, and not to `endpoint`. It decides which are recorded.
   */
  readonly tracer?: PageTracer;
}

/** Where a model may run, and in what order that is tried. */
export type BackendPolicy = "auto" | Backend | readonly Backend[];

/** What `load` takes. */
export interface LoadOptions extends TraceParent {
  /** @default "stable" */
  readonly channel?: string;
  /** Pins a version; the channel is not asked. */
  readonly version?: string;
  /**
   * `auto` serves on WASM at once, and on the GPU once that has given the pack's golden answers. A
   * backend by name is the only one that is used. Of a list, the first that opens and gives the golden
   * answers serves, and the others are what it falls back to.
   * @default "auto"
   */
  readonly backend?: BackendPolicy;
  /**
   * `auto` takes the first that the pack allows on the backend that serves first.
   * @default "auto"
   */
  readonly dtype?: Dtype | "auto";
  /**
   * What becomes of a newer version while this one serves. `next-load`: it is fetched and proven in
   * idle time, and the next load opens it. `background`: the model moves to it between two calls.
   * `manual`: it is only found, and `apply` of the `update` event does the rest. A pinned version stays.
   * @default "next-load"
   */
  readonly update?: UpdatePolicy;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Options as the rooms use them: complete, and with absolute addresses. */
export interface Settings {
  readonly registry: string;
  /** As the keeper reads them. */
  readonly anchors: string | undefined;
  readonly assets: string;
  readonly service: string;
  readonly telemetry: TelemetrySettings | undefined;
  readonly tracing: TracingOptions;
  readonly onSend: TelemetryOptions["onSend"];
  readonly distributions: DistributionPolicy | undefined;
  readonly cache: CachePolicy;
  readonly memory: MemoryPolicy;
  readonly predictions: Required<PredictionPolicy>;
  readonly fetch: SelvedgeOptions["fetch"];
  readonly meteredDownloads: MeteredDownloads;
  readonly workers: NonNullable<SelvedgeOptions["workers"]>;
}

/** @throws SelvedgeError `options-invalid`, naming the option. */
export function readOptions({
  registry,
  publicKeys,
  assets = "/selvedge/",
  telemetry,
  cache = {},
  memory = {},
  predictions,
  fetch,
  meteredDownloads = "foreground",
  workers = {},
}: SelvedgeOptions): Settings {
  requireOneOf("meteredDownloads", meteredDownloads, ["allow", "foreground", "never"]);
  if (fetch !== undefined) requireOneOf("fetch", typeof fetch, ["function"]);
  const isSent = telemetry?.endpoint !== undefined;
  return {
    registry: folderUrl("registry", registry),
    anchors: publicKeys === undefined ? undefined : anchorsOf(publicKeys),
    assets: folderUrl("assets", assets),
    service: telemetry?.service ?? "selvedge",
    telemetry: telemetry && readTelemetry(telemetry),
    tracing: {
      sample: checkShare("telemetry.traces.sample", telemetry?.traces?.sample ?? TRACED_SHARE),
      tracer: telemetry?.tracer,
    },
    onSend: telemetry?.onSend,
    distributions: isSent ? distributionPolicy(telemetry.distributions) : undefined,
    cache: checkPolicy(cache),
    memory: checkMemory(memory),
    predictions: predictionPolicy(predictions, isSent),
    fetch,
    meteredDownloads,
    workers,
  };
}

/** @throws SelvedgeError `options-invalid` for what no registry can have, and backends there are not. */
export function checkNames(name: string, { version, backend = "auto" }: LoadOptions): void {
  if (!Array.isArray(backend)) requireOneOf("backend", backend, ["auto", "wasm", "webgpu"]);
  else if (backend.length === 0) requireOneOf("backend", "[]", ["wasm", "webgpu"]);
  else for (const one of backend) requireOneOf("backend", one, ["wasm", "webgpu"]);
  if (!isModelName(name))
    throw new SelvedgeError(
      "options-invalid",
      `"${name}" is not a model name: lower-case letters, digits, ".", "_" and "-", 64 at most.`,
    );
  if (version !== undefined && !isVersion(version))
    throw new SelvedgeError(
      "options-invalid",
      `"${version}" is not a version: letters, digits, ".", "+", "_" and "-", 64 at most.`,
    );
}

function readTelemetry({
  endpoint,
  headers,
  maxBytes = 5 * 1024 * 1024,
  maxAgeMs = 7 * 24 * 60 * 60_000,
  consent = "granted",
  respectPrivacySignals = true,
}: TelemetryOptions): TelemetrySettings | undefined {
  requireOneOf("telemetry.consent", consent, ["granted", "required"]);
  for (const [option, number] of Object.entries({ maxBytes, maxAgeMs }))
    if (!(number >= 1)) invalid(`telemetry.${option}`, "a number from 1", number);
  if (endpoint === undefined) return undefined;
  return {
    endpoint: folderUrl("telemetry.endpoint", endpoint).slice(0, -1),
    headers: { ...headers },
    maxBytes,
    maxAgeMs,
    consent,
    respectPrivacySignals,
  };
}

function checkShare(option: string, share: number): number {
  if (share >= 0 && share <= 1) return share;
  return invalid(option, "from 0 to 1", share);
}

function checkPolicy(cache: CachePolicy): CachePolicy {
  const { maxBytes = 0, evict = "lru" } = cache;
  requireOneOf("cache.evict", evict, ["lru", "never"]);
  if (maxBytes >= 0) return cache;
  return invalid("cache.maxBytes", "a number of bytes", maxBytes);
}

function checkMemory(memory: MemoryPolicy): MemoryPolicy {
  const { profile = "page", budgetBytes = 1, engines = 1, recycleAfterRuns = 1 } = memory;
  requireOneOf("memory.profile", profile, ["page", "webview"]);
  for (const [option, number] of Object.entries({ budgetBytes, engines, recycleAfterRuns }))
    if (!(number >= 1)) invalid(`memory.${option}`, "a number from 1", number);
  return memory;
}

function requireOneOf(option: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(String(value)))
    invalid(option, `"${allowed.join('", "')}"`, `"${String(value)}"`);
}

/** @throws SelvedgeError `options-invalid` */
function invalid(option: string, wanted: string, value: unknown, cause?: unknown): never {
  throw new SelvedgeError(
    "options-invalid",
    `The option ${option} has to be ${wanted}, but is ${String(value)}.`,
    { cause },
  );
}

function folderUrl(option: string, address: string | URL): string {
  try {
    // Anything has a text, and every text is an address of some kind.
    if (typeof address !== "string" && !(address instanceof URL)) throw new TypeError();
    const url = new URL(address, document.baseURI);
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    url.hash = "";
    url.search = "";
    return url.href;
  } catch (cause) {
    return invalid(option, 'an address such as "/models"', `"${String(address)}"`, cause);
  }
}
