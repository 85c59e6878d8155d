import type { OtlpBatch } from "@selvedge/protocol";
import type { KeeperSettings } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import type { AnsweredCall, Watcher } from "./answered-call.ts";
import { Recorder } from "./recorder.ts";

/** How long measurements gather before they go to the outbox. */
const GATHER_MS = 5_000;

/** More than the page could send on its way out; older ones are given up. */
const MOST_UNCONFIRMED = 16;

/** What browsers let a page send while it goes away is 64 KB in all. */
const KEEPALIVE_BYTES = 60 * 1024;

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
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    keeper: KeeperClient,
    { telemetry, service }: { telemetry: KeeperSettings["telemetry"]; service: string },
  ) {
    this.#keeper = keeper;
    this.#telemetry = telemetry;
    this.#service = service;
    this.recorder = new Recorder(() => this.#gather());
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

  /** Tells the watcher of every call that is answered from now on. */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** Tells the watchers of a call that was answered. */
  answered(call: AnsweredCall): void {
    for (const watcher of this.#watchers) watcher(call);
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
    const { toBatch } =
      this.#writing ??
      (await this.#loadWriting().catch((error: unknown) => {
        this.#gather();
        throw error;
      }));
    const measurements = this.recorder.take();
    if (measurements !== undefined) await this.send(toBatch(measurements, this.#service), signal);
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
