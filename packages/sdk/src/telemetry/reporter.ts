import { type OtlpBatch, SelvedgeError } from "@selvedge/protocol";
import type { EngineHost } from "../serving/engine-host.ts";
import { rungOf, type Served, subjectOf } from "../serving/served.ts";
import type { KeeperSettings } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import type { AnsweredCall, Watcher } from "./answered-call.ts";
import { type CallFacts, Recorder } from "./recorder.ts";
import type { TraceParent } from "./trace-context.ts";
import { type OpenSpan, type Operation, Tracing, type TracingOptions } from "./tracing.ts";

/** How long measurements gather before they go to the outbox. */
const GATHER_MS = 5_000;

/** More than the page could send on its way out; older ones are given up. */
const MOST_UNCONFIRMED = 16;

/** What browsers let a page send while it goes away is 64 KB in all. */
const KEEPALIVE_BYTES = 60 * 1024;

/** Where what is reported goes. */
export interface ReporterOptions {
  readonly telemetry: KeeperSettings["telemetry"];
  readonly service: string;
  readonly tracing?: TracingOptions;
}

/** How a call is traced. */
interface CallTrace {
  readonly span: OpenSpan | undefined;
}

type Traced = Pick<AnsweredCall, "traceparent">;

type MoreFacts = Pick<CallFacts, "batchSize" | "engineBytes">;

/**
 * Takes batches from the recorder to the keeper's outbox: every few seconds, when asked, and when the
 * page hides. A batch that the keeper has not confirmed by the time the page goes away is sent by the
 * page itself; its id makes the second copy harmless.
 */
export class Reporter {
  readonly recorder: Recorder;
  readonly #keeper: KeeperClient;
  readonly #telemetry: KeeperSettings["telemetry"];
  readonly #service: string;
  /** Its own chunk, and there well before the first batch is due: no page waits for it. */
  #writing: Writing | undefined;
  readonly #leaving = new AbortController();
  readonly #unconfirmed = new Set<OtlpBatch>();
  readonly #watchers = new Set<Watcher>();
  readonly #tracing: Tracing | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    keeper: KeeperClient,
    { telemetry, service, tracing = { sample: 0 } }: ReporterOptions,
  ) {
    this.#keeper = keeper;
    this.#telemetry = telemetry;
    this.#service = service;
    this.recorder = new Recorder(() => this.#gather());
    if (telemetry !== undefined || tracing.tracer !== undefined)
      this.#tracing = new Tracing(tracing, this.recorder, () => this.#gather());
    if (telemetry === undefined) return;
    const { signal } = this.#leaving;
    addEventListener("pagehide", () => this.#leave(), { signal });
    addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && void this.#hand().catch(() => undefined),
      { signal },
    );
  }

  /**
   * Loads what batches are written with, where anything is to be sent: a page that goes away has no time
   * for it. Never waited for, and asked for again where it did not come.
   */
  prepare(): void {
    if (this.#telemetry !== undefined) void this.#loadWriting().catch(() => undefined);
  }

  /** Hands over what was recorded, and sends all there is. */
  async flush(signal?: AbortSignal): Promise<void> {
    if (this.#telemetry === undefined) return;
    await this.#hand(signal);
    await this.#keeper.call((keeper, call) => keeper.flush(call), signal);
  }

  /**
   * Takes a batch that was made elsewhere the way of all: to the keeper, or out with the page. Where
   * there is nowhere to send it, it is dropped.
   */
  async send(batch: OtlpBatch, signal?: AbortSignal): Promise<void> {
    if (this.#telemetry === undefined || this.#leaving.signal.aborted) return;
    this.#unconfirmed.add(batch);
    for (const oldest of this.#unconfirmed)
      if (this.#unconfirmed.size > MOST_UNCONFIRMED) this.#unconfirmed.delete(oldest);
    await this.#keeper.call((keeper, call) => keeper.enqueue(call, batch), signal);
    this.#unconfirmed.delete(batch);
  }

  /** Begins what may become a span; `undefined` where nobody would see it. */
  begin(operation: Operation, parent: TraceParent): OpenSpan | undefined {
    return this.#tracing?.begin(operation, parent);
  }

  /** Tells the watcher of every call that is answered from now on. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /**
   * Records a call that was answered, and tells the watchers of it.
   *
   * @returns what it is traced as
   */
  answered(call: AnsweredCall, { span, ...facts }: CallTrace & MoreFacts): Traced {
    const { id, served, timings } = call;
    const { traceparent } = span ?? {};
    const trace = traceparent === undefined ? {} : { traceparent };
    const subject = subjectOf(served.opened, rungOf(served));
    this.recorder.predicted(subject, timings.totalMs, { ...timings, ...facts });
    span?.end({ served, call: { id, timings } });
    for (const watcher of this.#watchers) watcher({ ...call, ...trace });
    return trace;
  }

  /** Records a call that failed. One that was aborted did not. */
  refused(served: Served, { span, error }: CallTrace & { readonly error: unknown }): void {
    if (error instanceof SelvedgeError)
      this.recorder.failed(subjectOf(served.opened, rungOf(served)), "predict", error.code);
    span?.end({ served, error });
  }

  /** Records that an engine is started again. Of a pack that was never open yet no more is known. */
  restarted({ backend, pack }: Pick<EngineHost, "backend" | "pack">, failure: SelvedgeError): void {
    const { dtype, origin } = pack ?? {};
    const model = origin && { model: origin.name, version: origin.version };
    this.recorder.restarted({ ...model, ...(dtype && { dtype }), backend }, failure.code);
  }

  /** Stops listening to the page, and gathering. */
  end(): void {
    clearTimeout(this.#timer);
    this.#leaving.abort();
  }

  #gather(): void {
    if (this.#telemetry === undefined || this.#leaving.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#hand().catch(() => undefined), GATHER_MS);
    this.prepare();
  }

  async #loadWriting(): Promise<Writing> {
    this.#writing ??= await import("./to-batch.ts");
    return this.#writing;
  }

  async #hand(signal?: AbortSignal): Promise<void> {
    clearTimeout(this.#timer);
    // Offline, a page may lack the chunk: what was recorded waits for the next time.
    const { toBatches } =
      this.#writing ??
      (await this.#loadWriting().catch((error: unknown) => {
        this.#gather();
        throw error;
      }));
    const finished = this.#tracing?.take() ?? [];
    const gathered = { measurements: this.recorder.take(), finished };
    const batches = toBatches(gathered, this.#service);
    // All are taken over before anything is waited for, as the page may be going away.
    await Promise.all(batches.map((batch) => this.send(batch, signal)));
  }

  #leave(): void {
    void this.#hand().catch(() => undefined);
    const { endpoint, headers } = this.#telemetry ?? {};
    let room = KEEPALIVE_BYTES;
    for (const { signal, body: request } of this.#unconfirmed) {
      const body = JSON.stringify(request);
      room -= new TextEncoder().encode(body).byteLength;
      if (room < 0) return;
      void fetch(`${endpoint}/${signal}`, {
        method: "POST",
        keepalive: true,
        headers: { ...headers, "content-type": "application/json" },
        body,
      }).catch(() => undefined);
    }
  }
}

type Writing = typeof import("./to-batch.ts");
