import { type OtlpBatch, SelvedgeError } from "@selvedge/protocol";
import type { EngineHost } from "../serving/engine-host.ts";
import { rungOf, type Served, subjectOf } from "../serving/served.ts";
import type { AnsweredCall, Watcher } from "./answered-call.ts";
import { BatchProcessor } from "./batch-processor.ts";
import type { Choice } from "./choice.ts";
import { Consent, type TelemetryState } from "./consent.ts";
import { guarded } from "./guarded.ts";
import { LazyCourier, loadCourier } from "./lazy-courier.ts";
import { orAborted } from "./or-aborted.ts";
import { PageLife } from "./page-life.ts";
import { type CallFacts, Recorder } from "./recorder.ts";
import type { ReporterSettings } from "./reporter-settings.ts";
import type { Gathered } from "./to-batch.ts";
import type { TraceParent } from "./trace-context.ts";
import { type Began, type OpenSpan, type Operation, type Outcome, Tracing } from "./tracing.ts";

/** How a load began. */
export interface LoadBegun {
  readonly parent: TraceParent;
  readonly began: Began;
  /** Whether anybody was to see it then. */
  readonly isSeen: boolean;
}

/** How a call is traced. */
interface CallTrace {
  readonly span: OpenSpan | undefined;
}

type Traced = Pick<AnsweredCall, "traceparent">;

type MoreFacts = Pick<CallFacts, "batchSize" | "engineBytes">;

/**
 * What a page tells of its loads and calls, and what its user says of that. Recorder and tracing hold what
 * happened, the processor takes it to the outbox; nothing of this happens where the user does not want it.
 */
export class Reporter {
  readonly recorder: Recorder;
  /** Called at once when what was measured and not stored has to be forgotten. */
  onForget: (() => void) | undefined;
  /** Asked for what was measured elsewhere and not sent yet, as the page goes away: answers at once. */
  onLeave: (() => readonly OtlpBatch[]) | undefined;
  readonly #settings: ReporterSettings;
  readonly #consent: Consent;
  readonly #leaving = new AbortController();
  readonly #watchers = new Set<Watcher>();
  readonly #tracing: Tracing | undefined;
  /** Both absent where there is nowhere to send anything. */
  readonly #means: LazyCourier | undefined;
  readonly #batches: BatchProcessor | undefined;
  /** What the user said last on this page. */
  #wanted: Choice | undefined;

  /** @param consent what the page knows of it already */
  constructor(
    settings: ReporterSettings,
    consent: Consent = new Consent(settings.telemetry, navigator),
  ) {
    this.#settings = settings;
    this.#consent = consent;
    this.recorder = new Recorder(() => this.#gather());
    const { telemetry, service, tracing = { sample: 0 } } = settings;
    if (telemetry !== undefined || tracing.tracer !== undefined)
      this.#tracing = new Tracing(tracing, this.recorder, () => this.#gather());
    if (telemetry === undefined) return;
    const means = new LazyCourier(telemetry, consent, {
      onSend: guarded(settings.onSend),
      onDone: (ids) => batches.done(ids),
      onDenied: () => this.#deny(),
      onForget: () => this.#forget(),
    });
    const take = () => this.#take();
    const takeOthers = () => this.onLeave?.() ?? [];
    const batches = new BatchProcessor({ means, consent, service, take, takeOthers });
    this.#means = means;
    this.#batches = batches;
    const life: PageLife = new PageLife(
      {
        onHide: () => batches.hide(),
        onLeave: () => batches.leave(life),
        onReturn: () => batches.comeBack(),
      },
      this.#leaving.signal,
    );
  }

  /** Whether telemetry runs. */
  get state(): TelemetryState {
    return this.#consent.state;
  }

  /**
   * Loads what batches are written and sent with, where anything is to be sent. Never waited for, and asked
   * for again where it did not come.
   *
   * @param calm resolves when what waits from earlier visits may be sent; at once where it is left out
   */
  prepare(calm?: Promise<void>): void {
    this.#means?.prepare(calm);
  }

  /** Hands over what was recorded, and sends all there is. */
  async flush(signal?: AbortSignal): Promise<void> {
    if (this.#batches !== undefined) await orAborted(this.#batches.flush(), signal);
  }

  /**
   * Takes a batch that was made elsewhere the way of all: to the outbox, or out with the page. Resolves
   * once it is stored, or could not be. Where there is nowhere to send it, it is dropped.
   */
  async send(batch: OtlpBatch, signal?: AbortSignal): Promise<void> {
    if (this.#batches === undefined || this.#leaving.signal.aborted) return;
    if (this.state === "refused" || this.state === "disabled") return;
    await orAborted(this.#batches.send(batch), signal);
  }

  /** Begins what may become a span; `undefined` where nobody would see it. */
  begin(operation: Operation, parent: TraceParent): OpenSpan | undefined {
    const isSeen = this.#consent.mayRecord || this.#settings.tracing?.tracer !== undefined;
    return isSeen ? this.#tracing?.begin(operation, parent) : undefined;
  }

  /** A load is over. It began before this was there, as a rule. */
  loadEnded({ parent, began, isSeen }: LoadBegun, outcome: Outcome): void {
    const { subject = {}, error } = outcome;
    if (error instanceof SelvedgeError) this.recorder.failed(subject, "load", error.code);
    if (isSeen) this.#tracing?.beginAt(began, parent)?.end(outcome);
  }

  /**
   * Tells the watcher of every call that is answered from now on, while telemetry is not turned off. Where
   * the user's choice has not been read the state is `unknown`, and the call may not be looked at yet.
   */
  watch(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  /** Whether calls are kept from those who look at them until the user's choice has been read. */
  get isHeld(): boolean {
    return this.#consent.isHeld;
  }

  /** Resolves once the user's choice has been read. @throws SelvedgeError where a chunk is missing */
  async read(): Promise<void> {
    if (this.#means !== undefined) return void (await this.#means.load());
    const choice = await (await loadCourier()).storedChoice();
    if (this.#consent.isHeld) this.#consent.choice = choice;
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
    this.#tell({ ...call, ...trace });
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

  /**
   * Turns telemetry on, and remembers it for the origin. What the browser refuses in its user's name stays
   * refused. One that `disable` overtakes changes nothing.
   *
   * @throws SelvedgeError as `disable`: nothing changes then
   */
  async enable(): Promise<void> {
    this.#wanted = "granted";
    // What stores and sends is there before anything is measured: the page may go away at any time.
    await this.#means?.load();
    if (this.#wanted === "granted") await this.#choose("granted");
    if (this.#wanted !== "granted") return;
    this.#consent.choice = "granted";
    if (this.state === "enabled") this.#means?.loaded?.courier.wake();
  }

  /**
   * Turns telemetry off on this page before it returns, and remembers it for the origin.
   *
   * @throws SelvedgeError `network` where the part that remembers cannot be loaded, `storage-unavailable`
   * or `storage-full` where it cannot be remembered: it is off on this page all the same
   */
  disable(): Promise<void> {
    this.#deny();
    this.#wanted = "denied";
    return this.#choose("denied");
  }

  /** Deletes what was measured and not sent yet, and whatever telemetry keeps on the device. */
  async erase(): Promise<void> {
    this.#forget();
    // By the page's own courier, so that it does not take what is measured from here on for what was before.
    const means = await this.#means?.load().catch(() => undefined);
    await (means?.courier.erase() ?? (await loadCourier()).eraseStored());
  }

  /** Stops listening to the page, gathering and sending. */
  end(): void {
    this.#leaving.abort();
    this.#batches?.end();
    this.#means?.end();
  }

  #tell(call: AnsweredCall): void {
    if (this.state === "off" || this.#consent.mayRecord)
      for (const watcher of this.#watchers) guarded(watcher)(call);
  }

  #gather(): void {
    if (this.#consent.mayRecord) this.#batches?.gather();
    // It is about to be recorded: thrown away as soon as it is.
    else queueMicrotask(() => this.#take());
  }

  /** At once where there is a courier: whoever refuses may do so by going elsewhere. */
  async #choose(choice: Choice): Promise<void> {
    const { courier } = this.#means?.loaded ?? {};
    await (courier?.choose(choice) ?? (await loadCourier()).chooseStored(choice));
  }

  #deny(): void {
    this.#consent.choice = "denied";
    this.#forget();
  }

  #forget(): void {
    this.#take();
    this.#batches?.forget();
    this.onForget?.();
  }

  #take(): Gathered {
    return { finished: this.#tracing?.take() ?? [], measurements: this.recorder.take() };
  }
}
