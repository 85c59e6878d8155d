import { type OtlpBatch, SelvedgeError } from "@selvedge/protocol";
import { chunkMissing } from "../chunk-missing.ts";
import type { EngineHost } from "../serving/engine-host.ts";
import { rungOf, type Served, subjectOf } from "../serving/served.ts";
import type { AnsweredCall, Watcher } from "./answered-call.ts";
import { Consent, type ConsentPolicy, type TelemetryState } from "./consent.ts";
import type { Courier, CourierSettings } from "./courier.ts";
import type { Choice } from "./outbox-visit.ts";
import { type CallFacts, Recorder } from "./recorder.ts";
import type { TraceParent } from "./trace-context.ts";
import {
  type Began,
  type OpenSpan,
  type Operation,
  type Outcome,
  Tracing,
  type TracingOptions,
} from "./tracing.ts";
import { UnsentBatches } from "./unsent.ts";

/** How long measurements gather before they go to the outbox. */
const GATHER_MS = 5_000;

/** What browsers let a page send while it goes away is 64 KB in all. */
const KEEPALIVE_BYTES = 60 * 1024;

/** How a page's telemetry goes. */
export interface TelemetrySettings extends CourierSettings, ConsentPolicy {}

/** What a reporter is made for. */
export interface ReporterSettings {
  /** Absent: nothing is kept, nothing sent. */
  readonly telemetry: TelemetrySettings | undefined;
  readonly service: string;
  readonly tracing?: TracingOptions;
  /** Told of each request that was acknowledged. */
  readonly onSend?: ((request: OtlpBatch) => void) | undefined;
}

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
 * Takes batches from the recorder to the outbox: every few seconds, when asked, and when the page hides.
 * What no collector has acknowledged by the time the page goes away is sent by the page itself; its id
 * makes the second copy harmless. Nothing of this happens where the user does not want it.
 */
export class Reporter {
  readonly recorder: Recorder;
  /** Called at once when what was measured and not stored has to be forgotten. */
  onForget: (() => void) | undefined;
  /** Asked for what was measured elsewhere and not sent yet, as the page goes away: answers at once. */
  onLeave: (() => readonly OtlpBatch[]) | undefined;
  readonly #settings: ReporterSettings;
  readonly #consent: Consent;
  readonly #unsent: UnsentBatches = new UnsentBatches(KEEPALIVE_BYTES);
  readonly #leaving = new AbortController();
  /** Whether the page has gone away; it may come back from where browsers keep pages for their user. */
  #isAway = false;
  readonly #watchers = new Set<Watcher>();
  readonly #tracing: Tracing | undefined;
  #calm: Promise<void> = Promise.resolve();
  /** Chunks of their own, and there well before the first batch is due: no page waits for them. */
  #means: Means | undefined;
  #loading: Promise<Means> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the user said last on this page. */
  #wanted: Choice | undefined;

  /** @param consent what the page knows of it already */
  constructor(
    settings: ReporterSettings,
    consent: Consent = new Consent(settings.telemetry, navigator),
  ) {
    this.#settings = { ...settings, onSend: guarded(settings.onSend) };
    this.#consent = consent;
    this.recorder = new Recorder(() => this.#gather());
    const { telemetry, tracing = { sample: 0 } } = settings;
    if (telemetry !== undefined || tracing.tracer !== undefined)
      this.#tracing = new Tracing(tracing, this.recorder, () => this.#gather());
    if (telemetry === undefined) return;
    const { signal } = this.#leaving;
    addEventListener("pagehide", () => this.#goAway(), { signal });
    addEventListener("pageshow", () => this.#comeBack(), { signal });
    addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && this.#hide(),
      { signal },
    );
    document.addEventListener("freeze", () => this.#leave(), { signal });
  }

  /** Whether telemetry runs. */
  get state(): TelemetryState {
    return this.#consent.state;
  }

  /**
   * Loads what batches are written and sent with, where anything is to be sent: a page that goes away has
   * no time for it. Never waited for, and asked for again where it did not come.
   *
   * @param calm resolves when what waits from earlier visits may be sent; at once where it is left out
   */
  prepare(calm: Promise<void> = this.#calm): void {
    this.#calm = calm;
    if (this.#consent.mayRecord || this.#consent.isUnread) void this.#load().catch(() => undefined);
  }

  /** Hands over what was recorded, and sends all there is. */
  async flush(signal?: AbortSignal): Promise<void> {
    await orAborted(this.#flush(), signal);
  }

  /**
   * Takes a batch that was made elsewhere the way of all: to the outbox, or out with the page. Resolves
   * once it is stored, or could not be. Where there is nowhere to send it, it is dropped.
   */
  async send(batch: OtlpBatch, signal?: AbortSignal): Promise<void> {
    if (this.#settings.telemetry === undefined || this.#leaving.signal.aborted) return;
    if (this.state === "refused" || this.state === "disabled") return;
    await orAborted(this.#take(batch), signal);
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
    if (this.#settings.telemetry !== undefined) return void (await this.#load());
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
    const means = this.#settings.telemetry && (await this.#load());
    if (this.#wanted === "granted") await this.#choose("granted", means);
    if (this.#wanted !== "granted") return;
    this.#consent.choice = "granted";
    if (this.state === "enabled") means?.courier.wake();
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
    return this.#choose("denied", this.#means);
  }

  /** Deletes what was measured and not sent yet, and whatever telemetry keeps on the device. */
  async erase(): Promise<void> {
    this.#forget();
    // By the page's own courier, so that it does not take what is measured from here on for what was before.
    const means = this.#settings.telemetry && (await this.#load().catch(() => undefined));
    await (means?.courier.erase() ?? (await loadCourier()).eraseStored());
  }

  /** Stops listening to the page, gathering and sending. */
  end(): void {
    clearTimeout(this.#timer);
    this.#leaving.abort();
    this.#means?.courier.end();
  }

  #tell(call: AnsweredCall): void {
    if (this.state === "off" || this.#consent.mayRecord)
      for (const watcher of this.#watchers) guarded(watcher)(call);
  }

  #gather(): void {
    if (!this.#consent.mayRecord) {
      // It is about to be recorded: thrown away as soon as it is.
      queueMicrotask(() => this.#discard());
      return;
    }
    if (this.#leaving.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#hand().catch(() => undefined), GATHER_MS);
    this.prepare();
  }

  /** At once where there is a courier: whoever refuses may do so by going elsewhere. */
  async #choose(choice: Choice, means: Means | undefined): Promise<void> {
    await (means?.courier.choose(choice) ?? (await loadCourier()).chooseStored(choice));
  }

  #load(): Promise<Means> {
    this.#loading ??= this.#open().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #open(): Promise<Means> {
    const { telemetry, onSend } = this.#settings;
    if (telemetry === undefined) throw new Error();
    const [{ toBatches }, { Courier }] = await Promise.all([
      import("./to-batch.ts").catch(chunkMissing),
      loadCourier(),
    ]);
    const courier = new Courier(telemetry, {
      onSend,
      onDone: (ids) => this.#unsent.done(ids),
      onDenied: () => this.#deny(),
      isWanted: () => this.#consent.mayRecord,
      onErased: () => this.#forget(),
    });
    const choice = await courier.choice();
    if (this.#leaving.signal.aborted) courier.end();
    if (this.#consent.isUnread) this.#consent.choice = choice;
    if (!this.#consent.mayRecord) this.#forget();
    else void this.#calm.then(() => courier.wake());
    this.#means = { toBatches, courier };
    return this.#means;
  }

  async #flush(): Promise<void> {
    if (!this.#consent.mayRecord && !this.#consent.isUnread) return;
    await this.#hand();
    const { courier } = await this.#load();
    if (this.state !== "enabled") return;
    await courier.flush();
    await courier.deliver(() => this.#unsent.refused, true);
  }

  async #hand(
    take: (batch: OtlpBatch) => Promise<void> | void = (batch) => this.#take(batch),
  ): Promise<void> {
    clearTimeout(this.#timer);
    // Offline, a page may lack the chunk: what was recorded waits for the next time.
    const { toBatches } =
      this.#means ??
      (await this.#load().catch((error: unknown) => {
        this.#gather();
        throw error;
      }));
    const gathered = { finished: this.#tracing?.take() ?? [], measurements: this.recorder.take() };
    if (this.state !== "enabled") return;
    // All are taken over before anything is waited for, as the page may be going away.
    await Promise.all(toBatches(gathered, this.#settings.service).map(take));
  }

  /** Keeps it in memory until it is stored or sent. What was there for longest has to go for it. */
  #keep(batch: OtlpBatch): void {
    const lost = this.#unsent.add(batch);
    if (lost > 0) this.#means?.courier.dropped({ unconfirmed: lost });
  }

  /** The store may have been asked to keep it already, in a way that takes longer: a repeat is harmless. */
  async #leaveBehind(batches: readonly OtlpBatch[]): Promise<void> {
    if (batches.length === 0) return;
    try {
      await this.#means?.courier.leaveBehind(batches);
      for (const batch of batches) this.#unsent.stored(batch);
    } catch {
      for (const batch of batches) this.#unsent.refuse(batch);
    }
  }

  async #take(batch: OtlpBatch): Promise<void> {
    const { courier } = this.#means ?? (await this.#load());
    if (this.state !== "enabled") return;
    const again = this.#unsent.takeRefused();
    this.#keep(batch);
    await Promise.all([...again, batch].map((one) => this.#store(courier, one)));
    await courier.deliver(() => this.#unsent.refused);
  }

  async #store(courier: Courier, batch: OtlpBatch): Promise<void> {
    try {
      await courier.add(batch);
      this.#unsent.stored(batch);
    } catch {
      this.#unsent.refuse(batch);
    }
  }

  /**
   * The page is hidden, and may be frozen or ended without another word. Not where it has gone away and is
   * hidden by that: a transaction that asks the store something would be held open for as long as the
   * browser keeps the page, and no other page could come to the store.
   */
  #hide(): void {
    if (this.#isAway) return;
    const leave = async () => {
      await this.#leaveAll();
      if (this.state === "enabled") await this.#means?.courier.leave();
    };
    if (this.#consent.mayRecord) void leave().catch(() => undefined);
  }

  #goAway(): void {
    this.#isAway = true;
    this.#leave();
  }

  #comeBack(): void {
    const wasAway = this.#isAway;
    this.#isAway = false;
    // There may be no other page to send what it left.
    if (wasAway && this.state === "enabled") this.#means?.courier.wake();
  }

  /** The page goes away, or is frozen: nothing that is waited for comes back to it. */
  #leave(): void {
    if (!this.#consent.mayRecord) return;
    // What is asked for now comes when it may ask the store nothing; it keeps what it has, should it come back.
    if (this.#isAway && this.#means === undefined) return;
    void this.#leaveAll().catch(() => undefined);
    if (this.state === "enabled") this.#means?.courier.sendLast(this.#unsent.last);
  }

  /** All is given to the store before anything is waited for. */
  async #leaveAll(): Promise<void> {
    const isReady = this.#means !== undefined;
    const handing = this.#hand((batch) => this.#keep(batch));
    if (!isReady) await handing;
    if (this.state !== "enabled") return;
    for (const batch of this.onLeave?.() ?? []) this.#keep(batch);
    await Promise.all([handing, this.#leaveBehind(this.#unsent.takeUnstored())]);
  }

  #deny(): void {
    this.#consent.choice = "denied";
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#discard();
    this.#unsent.clear();
    this.onForget?.();
  }

  #discard(): void {
    this.#tracing?.take();
    this.recorder.take();
  }
}

/** What is loaded when there is something to report. */
interface Means {
  readonly toBatches: typeof import("./to-batch.ts").toBatches;
  readonly courier: Courier;
}

function loadCourier(): Promise<typeof import("./courier.ts")> {
  return import("./courier.ts").catch(chunkMissing);
}

/** Whatever comes of telling others, the call or the request that they are told of stands. */
function guarded<Told>(tell: ((told: Told) => void) | undefined): (told: Told) => void {
  return (told) => {
    try {
      tell?.(told);
    } catch {}
  };
}

function orAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
