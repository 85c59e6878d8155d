import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { SelvedgeError } from "@selvedge/protocol";
import cors from "cors";
import type { Guards } from "../access/guard.ts";
import type { CollectorConfig } from "../config/collector-config.ts";
import { describeFailure, Refused } from "../failure.ts";
import type { Store } from "../store/store.ts";
import { admitMetrics } from "./admission/admit-metrics.ts";
import type { LabelBounds } from "./admission/label-bounds.ts";
import { busy, createByteBudget } from "./byte-budget.ts";
import { type Encoding, encodingOf, FALLBACK_ENCODING } from "./encodings.ts";
import type { IngestCounts } from "./ingest-counts.ts";
import { readBody } from "./read-body.ts";
import type { Refusals } from "./refusals.ts";
import { type Signal, signalsOf } from "./signals.ts";
import { createTurns } from "./take-turns.ts";

/** Requests that have arrived and are being stored at a time; more are asked to come back. */
const MAX_IN_FLIGHT = 256;

/** Bodies that are unpacked at a time: as many as Node has threads for it. */
const MAX_UNPACKING = 4;

/** How long a browser remembers that it may send, in seconds; none remembers for longer. */
const PREFLIGHT_AGE_S = 7200;

/** What the listener is given. */
export interface IngestOptions {
  readonly store: Store;
  readonly guard: Guards["ingest"];
  readonly config: CollectorConfig;
  readonly counts: IngestCounts;
  readonly bounds: LabelBounds;
}

/**
 * Answers all that is asked under `/v1`: `POST /v1/metrics`, `/v1/logs` and `/v1/traces` are OTLP/HTTP.
 * Answers once a batch is durable. On Node's own requests: a framework's take a tenth of what a batch does.
 */
export function createIngestListener({
  store,
  guard,
  config,
  counts,
  bounds,
}: IngestOptions): RequestListener {
  const budget = createByteBudget(config.limits.bodyBytes);
  const unpackInTurn = createTurns(MAX_UNPACKING);
  const signals = signalsOf(store, (batch, nowMs) => admitMetrics(batch, bounds, nowMs));
  const signalAt = new Map(signals.map((signal) => [`/v1/${signal.name}`, signal]));
  let inFlight = 0;

  /** Of what has arrived: whoever sends slowly takes nobody's place. */
  const whileThereIsRoom = async <T>(work: () => Promise<T>): Promise<T> => {
    if (inFlight >= MAX_IN_FLIGHT) throw busy();
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  };

  const take = async (
    request: IncomingMessage,
    signal: Signal,
    encoding: Encoding,
  ): Promise<Refusals> => {
    const held = budget.open();
    try {
      const body = await readBody(request, { held, unpackInTurn });
      return await whileThereIsRoom(async () => {
        const brought = signal.decode(encoding.read(body, signal), Date.now());
        await brought.store();
        counts.received[signal.name] += brought.kept;
        counts.refused[signal.name] += brought.refusals.count;
        return brought.refusals;
      });
    } finally {
      held.release();
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const encoding = encodingOf(request.headers["content-type"]);
    try {
      guard(request);
      const signal = request.method === "POST" ? signalAt.get(pathOf(request)) : undefined;
      if (signal === undefined) throw nothingHere();
      if (encoding === undefined) throw unknownType();
      const refusals = await take(request, signal, encoding);
      send(response, { status: 200, type: encoding.type, body: encoding.answer(signal, refusals) });
    } catch (error) {
      refuse(response, encoding ?? FALLBACK_ENCODING, error);
    }
  };

  const { origins } = config.cors;
  const allowOrigins = cors({
    origin: origins.includes("*") ? "*" : [...origins],
    methods: "POST",
    exposedHeaders: "retry-after",
    maxAge: PREFLIGHT_AGE_S,
  });
  // Outermost, for a page can read neither an answer nor when to come back without it.
  return (request, response) =>
    allowOrigins(request, response, () => void answer(request, response));
}

function pathOf({ url = "" }: IncomingMessage): string {
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function refuse(response: ServerResponse, encoding: Encoding, error: unknown): void {
  const failure = describeFailure(error);
  if (failure.status === 401) response.setHeader("www-authenticate", "Bearer");
  if (failure.retryAfterS !== undefined)
    response.setHeader("retry-after", String(failure.retryAfterS));
  send(response, { status: failure.status, type: encoding.type, body: encoding.fail(failure) });
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response
    .writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) })
    .end(body);
}

function nothingHere(): Refused {
  return new Refused({
    status: 404,
    code: "not-found",
    message: "There is nothing at this address. POST to /v1/metrics, /v1/logs or /v1/traces.",
  });
}

function unknownType(): SelvedgeError {
  return new SelvedgeError(
    "unsupported",
    "The content-type is not supported. Send OTLP as application/json or application/x-protobuf.",
  );
}
