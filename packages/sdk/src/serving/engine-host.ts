import { SelvedgeError } from "@selvedge/protocol";
import { type Remote, transfer } from "comlink";
import { buffersOf, type Tensors } from "../tensor.ts";
import type {
  Backend,
  Considered,
  EngineApi,
  EngineName,
  EngineRun,
  Opened,
  OpenRequest,
  Place,
  Proof,
  RuntimeStarted,
  WakeStep,
} from "../worker/engine-api.ts";
import { breaksEngine, foreignAnswer } from "../worker/engine-failure.ts";
import type { Choice, PackBytes, PackOffer, PackRef } from "../worker/keeper-api.ts";
import type { Outcome } from "../worker/outcome.ts";
import { againWithin } from "./deadline.ts";
import type { EnginePool } from "./engine-pool.ts";
import type { EngineStart, StartEvent } from "./engine-start.ts";
import type { EngineCall, EngineWorker, SessionMemory } from "./engine-worker.ts";
import { dimsOf } from "./used-dims.ts";
import { wakeHint } from "./wake-hint.ts";
import { WakeSteps } from "./wake-steps.ts";

/** Opening reads and prepares a whole model, and proving runs it for the first time, shaders and all. */
const OPEN_BOUNDS = { floorMs: 30_000, capMs: 120_000 };

/** After a model's name, where a hint is of loading it. No name has a space. */
const LOADING = " load";

/** After a model's name, where a hint is that the store has it: no image ships with what is there. */
export const STORED = " stored";

/** Dropping an image, and giving the worker up. */
const QUARANTINE_TIMEOUT_MS = 10_000;

/**
 * How a worker is had that nothing else runs in. Of those that nobody waits for there is one at a time on
 * a page: opening waits for its turn. What someone waits for, or has the turn already, is opened at once.
 * The others are opened at once, too: `afresh`, as on the next visit; `to-wake`, where there is an image;
 * `to-write`, so that an image can be made.
 */
export type OwnWorker = "in-turn" | "at-once" | "afresh" | "to-wake" | "to-write";

export interface EngineHostOptions {
  readonly place: Place;
  /** The digest of the trust anchors, where there are any. */
  readonly trust?: string | undefined;
  readonly pool: EnginePool;
  /** Whether nothing else may run in its worker, as long as it does not `share`. */
  readonly own?: OwnWorker | undefined;
  /** Makes a pack whole again that could not be read from the store, and hands it over. */
  readonly recover?: (pack: PackRef, signal?: AbortSignal) => Promise<PackBytes>;
  readonly onDispose: () => void;
  /** Whether its engine may be woken from an image. */
  readonly mayWake?: boolean;
  /** Told how its engine came to be, and what became of what was woken. */
  readonly onStart?: (host: EngineHost, event: StartEvent) => void;
  /** Its engine failed, and is started again. What was woken and failed is not told here. */
  readonly onRestart?: (host: EngineHost, failure: SelvedgeError) => void;
}

/** A session that has been opened, and what it took. */
export interface HostOpened
  extends Opened,
    Pick<RuntimeStarted, "compileMs" | "importMs" | "scriptAt"> {}

/** A session in a worker. */
interface Session {
  readonly worker: EngineWorker;
  readonly id: number;
  isOpen: boolean;
  /** Whether it has run once: the first time takes longer. */
  hasRun: boolean;
  /** The step that it is to be woken at, and once it is open, was. */
  step: WakeStep;
  /** Whether it is not woken as it shares its worker. */
  readonly isShared: boolean;
  /** Whether its runtime waits to hear if an image ships with its pack. */
  readonly isFirst: boolean;
}

/** How a call of a host is made. */
export interface HostCall extends EngineCall {
  /** What it gives to the model. */
  readonly inputs?: Tensors;
  /** Whether what a woken engine fails at is asked of the next one. @default true */
  readonly isReplayed?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Says that the turn has come, and that the pack has to be opened again first. */
  readonly onOpening?: () => void;
}

/** How the model is run. */
export interface HostRun extends HostCall {
  /** Whether the inputs' buffers go to the engine, in place of copies. */
  readonly isHandedOver?: boolean;
}

/**
 * One pack on one place: a session in an engine worker. Calls are answered one at a time, in order. A
 * crash, a hang or `dispose` settles every pending call; the next call opens the same pack again, in
 * another worker.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  #session: Session | undefined;
  #own: boolean;
  /** Its turn to have a worker alone, and what ends that. */
  #alone: Promise<() => void> | undefined;
  #pack: (PackRef & Pick<Opened, "engine">) | undefined;
  /** Settles when the call before the next one is done with. */
  #turn: Promise<unknown> = Promise.resolve();
  #openedInMs: number | undefined;
  #provedInMs: number | undefined;
  /** Calls that are made and not done with. */
  #calls = 0;
  readonly #disposal = new AbortController();
  /** The model, as hints know it; empty where it was opened without its name. */
  #name = "";
  readonly #mayWake: boolean;
  readonly #steps: WakeSteps = new WakeSteps();
  /** Failures that are taken to be an image's, or a fitted runtime's. */
  readonly #ofStart = new WeakSet<Error>();

  constructor(options: EngineHostOptions) {
    const { own, place, mayWake = false } = options;
    this.#options = options;
    this.#own = own !== undefined;
    this.#mayWake = mayWake && place.backend === "wasm";
    this.#steps.mayWake = this.#mayWake && (own === undefined || own === "to-wake");
  }

  get place(): Place {
    return this.#options.place;
  }

  get backend(): Backend {
    return this.place.backend;
  }

  /** Whether its engine has run the model before, so that the next run finds everything prepared. */
  get hasRun(): boolean {
    return this.#session?.hasRun === true && !this.#session.worker.isEnded;
  }

  /** Whether no call is made that is not done with. */
  get isIdle(): boolean {
    return this.#calls === 0;
  }

  /** How its engine came to be. */
  get start(): EngineStart {
    return this.#steps.start;
  }

  /** The pack it has opened. */
  get pack(): PackRef | undefined {
    return this.#pack;
  }

  /**
   * Opens a pack, in another worker where the last one has ended. What cannot be woken is loaded.
   *
   * @returns `undefined` where the store has nothing active for the selector.
   */
  async open(request: OpenRequest, signal?: AbortSignal): Promise<HostOpened | undefined> {
    if (this.#own && this.#options.own === "in-turn") await this.#until(this.#turnAlone(), signal);
    if (request.by === "selector") this.#name = request.selector.name;
    for (;;) {
      const session = this.#connect(request.by === "selector");
      try {
        return await this.#openIn(session, request, signal);
      } catch (error) {
        // What was handed over, or considered, has gone with the worker.
        const isGone = request.by === "bytes" || request.by === "image";
        if (isGone || !this.#isOfStart(session, error)) throw error;
      }
    }
  }

  async #openIn(
    session: Session,
    request: OpenRequest,
    signal: AbortSignal | undefined,
  ): Promise<HostOpened | undefined> {
    const { worker, id, step, isFirst } = session;
    const { backend, layout } = this.place;
    const wake = step === "none" || request.by === "bytes" ? {} : { wake: step, isFirst };
    const how = { backend, ...(layout === undefined ? {} : { layout }), ...wake };
    const handedOver = request.by === "bytes" ? request.pieces.map(({ bytes }) => bytes) : [];
    const timeoutMs = againWithin(this.#openedInMs, OPEN_BOUNDS);
    let startedAt = performance.now();
    const onStart = () => {
      startedAt = performance.now();
    };
    const opened = await this.#until(
      worker.call((engine) => engine.open(id, transfer(request, handedOver), how), {
        timeoutMs,
        onStart,
      }),
      signal,
    );
    // A store that has nothing answers before the runtime has started, and the download need not wait.
    if (opened === undefined) return undefined;
    if (typeof opened.digest !== "string") {
      const reason = foreignAnswer("open");
      worker.end(reason);
      throw reason;
    }
    const { compileMs, importMs, scriptAt } = await worker.started;
    const { digest, dtype, engine, name, version } = opened;
    const origin = { name, version };
    this.#pack = { digest, dtype, engine, origin, ...this.#device() };
    session.isOpen = true;
    this.#openedInMs = performance.now() - startedAt;
    worker.hold(id, opened, { backend, wake: () => this.#wake() });
    this.#started(session, opened);
    const isStored = request.by === "selector" || request.by === "digest";
    if (isFirst && isStored) this.#note("run", STORED);
    return { ...opened, compileMs, importMs, scriptAt };
  }

  /** What its session takes; `undefined` where its worker has ended: the next call opens it again. */
  get memory(): SessionMemory | undefined {
    const session = this.#session;
    if (session?.isOpen !== true || session.worker.isEnded) return undefined;
    return session.worker.memoryOf(session.id);
  }

  /** Lets other models into its worker: it has been proven, and serves like them. */
  share(): void {
    this.#own = false;
    this.#steps.mayWake = this.#mayWake;
    this.#leaveTurn();
    if (this.#session === undefined) return;
    const { worker } = this.#session;
    worker.isShared = this.backend === "wasm" && this.#session.step === "none";
    worker.isOnTrial = false;
  }

  /** Whether its engine waits to hear if an image ships with the pack that it opens. */
  get isFirst(): boolean {
    return this.#session?.isFirst === true && !this.#session.isOpen;
  }

  /**
   * Asks its engine whether it can be woken from an image that ships with a pack. It can be opened by that
   * `image` then, once the blobs that this answers with are stored.
   *
   * @throws Error saying why it has to be loaded
   */
  consider(offer: PackOffer, signal?: AbortSignal): Promise<Considered> {
    const { worker } = this.#connect();
    const limits = { timeoutMs: OPEN_BOUNDS.floorMs };
    return this.#until(
      worker.call((engine) => engine.consider(offer), limits),
      signal,
    );
  }

  /** It is not to be woken: what its pack ships with does not do, for this reason. */
  loadInstead(reason: Error): void {
    this.#ofStart.add(reason);
    this.#steps.lacks(breaksEngine(reason) ? "failed" : "no-image", reason.message);
    if (this.#session !== undefined) this.#session.step = "none";
  }

  /** Says early what runs the pack that is about to be opened. */
  expect(engine: EngineName): void {
    this.#session?.worker.tell((remote) => remote.expect(engine));
  }

  /**
   * Opens a pack that is in the store, or was: what the engine cannot read there is made whole again
   * and handed over.
   *
   * @throws SelvedgeError `storage-damaged` where that is not possible either.
   */
  async openStored(
    { digest, dtype, origin }: Choice & Pick<PackRef, "origin">,
    signal?: AbortSignal,
  ): Promise<HostOpened> {
    const from = origin === undefined ? {} : { origin };
    this.#name = origin?.name ?? this.#name;
    const pack = { digest, dtype, ...from, ...this.#device() };
    const opened = await this.open({ by: "digest", ...pack }, signal).catch((error: unknown) =>
      this.#openAgain(error, pack, signal),
    );
    if (opened === undefined) throw new Error("a pack opened by digest is there or throws");
    return opened;
  }

  /** Runs the model when it is this call's turn. `onStart` says that the turn has come. */
  run(inputs: Tensors, { signal, isHandedOver = false, ...call }: HostRun): Promise<EngineRun> {
    const { onStart } = call;
    const start = () => {
      signal?.throwIfAborted();
      onStart?.();
    };
    const send = () => (isHandedOver ? transfer(inputs, buffersOf(inputs)) : inputs);
    const run = async (engine: Remote<EngineApi>, session: number) => {
      const outcome = await engine.run(session, send());
      if (outcome.ok && !isRun(outcome.value)) throw foreignAnswer("run");
      if (this.#session !== undefined) this.#session.hasRun = true;
      if (outcome.ok) this.#settleDoubt();
      return outcome;
    };
    // Whoever has kept the inputs gives them to the next engine.
    return this.ask(run, { ...call, inputs, isReplayed: false, onStart: start, signal });
  }

  /**
   * Whether a failure is taken to be that of an image, or of a runtime that was fitted to other calls: it
   * says nothing about the place, and the next engine is started otherwise.
   */
  isOfStart(error: unknown): boolean {
    return error instanceof Error && this.#ofStart.has(error);
  }

  /**
   * Holds the answer of an engine that was woken against that of the one that was written down, bit for
   * bit. Where it is another, the image is dropped, and a loaded engine answers the calls that wait.
   */
  checkWoken(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(signal, async () => {
      const session = this.#session;
      const key = this.start.image?.key;
      if (session === undefined || session.step === "none" || session.worker.isEnded) return;
      const { worker, id } = session;
      const timeoutMs = againWithin(this.#provedInMs, OPEN_BOUNDS);
      const proof = await worker.call((engine) => engine.checkWoken(id), { timeoutMs });
      if (proof.holds) return;
      const { finding } = proof;
      this.#steps.wrong(finding);
      this.#note("none");
      this.#options.onStart?.(this, { kind: "quarantined", code: "wrong" });
      const limits = { timeoutMs: QUARANTINE_TIMEOUT_MS };
      if (key !== undefined)
        await worker
          .call((engine) => engine.quarantine(key, finding), limits)
          .catch(() => undefined);
      worker.end(new Error(finding));
      this.#wake();
    });
  }

  /** Runs the golden inputs and holds the answers against the pack's. */
  prove(signal?: AbortSignal): Promise<Proof> {
    return this.#inTurn(signal, async () => {
      await this.#ensureOpen();
      return this.#holdAgainstGolden();
    });
  }

  /** Asks the engine something about the pack when it is this call's turn; opens it where it is not. */
  ask<T>(
    invoke: (engine: Remote<EngineApi>, session: number) => Promise<Outcome<T>>,
    { signal, onOpening, inputs, isReplayed = true, ...call }: HostCall,
  ): Promise<T> {
    return this.#inTurn(signal, async () => {
      for (;;) {
        const session = await this.#ensureOpen(onOpening);
        const { worker, id } = session;
        try {
          return await worker.call((engine) => invoke(engine, id), call);
        } catch (error) {
          if (!this.#isOfStart(session, error, inputs) || !isReplayed) throw error;
        }
      }
    });
  }

  /** Ends the worker; the next call starts another. */
  restart(reason: Error): void {
    this.#session?.worker.end(reason);
  }

  /** Ends the session once the calls that were made so far are answered. */
  async retire(): Promise<void> {
    await this.#turn;
    this.dispose();
  }

  /** Ends the session. Pending and later calls reject with `reason`. Idempotent. */
  dispose(reason: SelvedgeError = disposedError()): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(reason);
    this.#leaveTurn();
    if (this.#session !== undefined)
      this.#options.pool.giveBack(this.#session.worker, this.#session.id, reason);
    this.#options.onDispose();
  }

  /**
   * A session of onnxruntime-web takes one call at a time. A caller that gives up while its call runs
   * is told at once, but the next call still waits for the worker to be done.
   */
  #inTurn<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    this.#calls++;
    const turn = this.#turn.then(async () => {
      this.#disposal.signal.throwIfAborted();
      signal?.throwIfAborted();
      return run();
    });
    this.#turn = turn
      .catch(() => undefined)
      .finally(() => {
        this.#calls--;
      });
    return this.#until(turn, signal);
  }

  /** Settles as `promise` does, or earlier where the signal fires or the host is disposed of. */
  #until<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
    const ends = [this.#disposal.signal, ...(signal === undefined ? [] : [signal])];
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(ends.find(({ aborted }) => aborted)?.reason);
      for (const end of ends) end.addEventListener("abort", abort);
      promise.then(resolve, reject).finally(() => {
        for (const end of ends) end.removeEventListener("abort", abort);
      });
      if (ends.some(({ aborted }) => aborted)) abort();
    });
  }

  async #ensureOpen(onOpening?: () => void): Promise<Session> {
    const session = this.#session;
    if (session?.isOpen === true && !session.worker.isEnded) return session;
    onOpening?.();
    if (this.#pack === undefined) throw new Error("run before open");
    const { name, version } = await this.openStored(this.#pack);
    const reopened = this.#connect();
    if (this.backend === "wasm") return reopened;
    // A GPU that was lost may come back as another: it earns its trust again.
    const { holds, finding } = await this.#holdAgainstGolden();
    if (holds) return reopened;
    const reason = new SelvedgeError(
      "no-candidate",
      `${name}@${version} no longer gives its golden answers on ${this.backend}: ${finding}. Load it again with backend "wasm" or "auto".`,
      { detail: { backend: this.backend, finding } },
    );
    this.restart(reason);
    throw reason;
  }

  /** Opens its pack again ahead of its next call. What fails, that call tells. */
  #wake(): void {
    this.#inTurn(undefined, () => this.#ensureOpen()).catch(() => undefined);
  }

  #turnAlone(): Promise<unknown> {
    this.#alone ??= this.#options.pool.alone();
    return this.#alone;
  }

  #leaveTurn(): void {
    void this.#alone?.then((end) => end());
    this.#alone = undefined;
  }

  #device(): Pick<PackRef, "backend" | "features" | "trust"> {
    const { place, trust } = this.#options;
    const { backend, features } = place;
    return { backend, features, ...(trust === undefined ? {} : { trust }) };
  }

  async #holdAgainstGolden(): Promise<Proof> {
    const prove = async () => {
      const { worker, id } = this.#connect();
      const timeoutMs = againWithin(this.#provedInMs, OPEN_BOUNDS);
      let startedAt = performance.now();
      const onStart = () => {
        startedAt = performance.now();
      };
      const proof = await worker.call((engine) => engine.prove(id), { timeoutMs, onStart });
      this.#provedInMs = performance.now() - startedAt;
      return proof;
    };
    try {
      return await prove();
    } catch (error) {
      if (this.#pack === undefined) throw error;
      await this.#openAgain(error, this.#pack);
      return prove();
    }
  }

  /** @throws `error`, where it is not about the store, or nothing can be done */
  async #openAgain(
    error: unknown,
    pack: PackRef,
    signal?: AbortSignal,
  ): Promise<HostOpened | undefined> {
    const { recover } = this.#options;
    const isDamage = error instanceof SelvedgeError && error.code === "storage-damaged";
    if (!isDamage || recover === undefined) throw error;
    const bytes = await recover(pack, signal);
    return this.open({ by: "bytes", ...pack, ...bytes }, signal);
  }

  /** The session, in a worker that has not ended; it may have to be opened. */
  #connect(mayBeFirst = false): Session {
    this.#disposal.signal.throwIfAborted();
    const last = this.#session;
    if (last?.worker.isEnded === false) return last;
    const failure = last?.worker.failure;
    if (failure !== undefined && !this.#isOfStart(last, failure))
      this.#options.onRestart?.(this, failure);
    const { own, pool } = this.#options;
    const hint = own === "to-wake" ? "run" : wakeHint.of(this.#name);
    const isFirst = mayBeFirst && hint === "none" && this.#mayShip;
    const wake = this.#steps.next(isFirst ? "run" : hint);
    const isFull = this.#steps.isFull || wakeHint.of(this.#name + LOADING) === "full";
    const how = { own: this.#own ? own : undefined, wake, isFull, isFirst };
    // Most packs are ONNX; one that is not says so when it is opened.
    const worker = pool.take(this.#pack?.engine ?? "onnx", this.place, how);
    // In one that others are in, or will be, nothing is woken.
    const step = worker.sessions > 0 ? "none" : worker.wake;
    const isShared = wake !== step;
    const id = worker.nextSession();
    const state = { isOpen: false, hasRun: false, isFirst: isFirst && step === "run" };
    this.#session = { worker, id, step, isShared, ...state };
    return this.#session;
  }

  /** Whether an image may ship with its pack, as far as the page knows: only keys say who made that. */
  get #mayShip(): boolean {
    const isNew = this.#pack === undefined && wakeHint.of(this.#name + STORED) === "none";
    return isNew && !this.#own && this.#options.trust !== undefined;
  }

  /** An engine has been opened: what it says of how it came to be. */
  #started(session: Session, { waking }: Opened): void {
    const { worker, isShared, step: asked } = session;
    const start = this.#steps.opened(waking, isShared);
    session.step = start.step;
    if (asked !== "none" && start.step === "none") this.#note("none");
    if (this.#own || this.backend !== "wasm") return;
    // A woken engine has a worker alone: it is ended where its image does not hold.
    worker.isShared = start.step === "none";
    this.#options.onStart?.(this, { kind: "started", start });
  }

  /** What is only tried leaves no hint. */
  #note(step: WakeStep, of = ""): void {
    if (!this.#own) wakeHint.note(this.#name + of, step);
  }

  /** A loaded engine has answered what a woken one could not: its image goes. */
  #settleDoubt(): void {
    if (this.#session?.step !== "none") return;
    const doubt = this.#steps.takeDoubt();
    if (doubt === undefined) return;
    const { key, reason } = doubt;
    this.#session.worker.tell((engine) => engine.quarantine(key, reason));
    this.#options.onStart?.(this, { kind: "quarantined", code: "failed" });
  }

  /** Whether an engine broke in a way that the next step may mend; notes it, once for each failure. */
  #isOfStart(session: Session | undefined, error: unknown, inputs?: Tensors): boolean {
    if (session === undefined || !breaksEngine(error)) return false;
    if (this.#ofStart.has(error)) return true;
    const dims = inputs && dimsOf(inputs);
    if (session !== this.#session || !this.#steps.failed(session.step, error, dims)) return false;
    this.#ofStart.add(error);
    // A runtime that was fitted to load other models: the next visit need not trap again.
    if (session.step === "none") this.#note("full", LOADING);
    else this.#note(this.#steps.next("run"));
    const { trap } = this.start;
    if (trap !== undefined && dims !== undefined && error.detail["isFitted"] === true)
      this.#options.onStart?.(this, { kind: "trapped", trap });
    return true;
  }
}

/** A worker of another version may answer with anything. */
function isRun(value: Partial<EngineRun> | undefined): boolean {
  return typeof value?.outputs === "object" && Number.isFinite(value.runMs);
}

function disposedError(): SelvedgeError {
  return new SelvedgeError("disposed", "The model has been disposed. Load it again to use it.");
}
