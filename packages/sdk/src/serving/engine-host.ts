import { SelvedgeError } from "@selvedge/protocol";
import { type Remote, transfer } from "comlink";
import { buffersOf, type Tensors } from "../tensor.ts";
import type {
  Backend,
  Considered,
  EngineApi,
  EngineName,
  EngineRun,
  OpenRequest,
  Place,
  Proof,
} from "../worker/engine-api.ts";
import { breaksEngine, foreignAnswer } from "../worker/engine-failure.ts";
import type { Choice, PackOffer, PackRef } from "../worker/keeper-api.ts";
import type { Outcome } from "../worker/outcome.ts";
import { CallQueue } from "./call-queue.ts";
import type { EngineStart } from "./engine-start.ts";
import type { EngineCall, SessionMemory } from "./engine-worker.ts";
import { type HostOpened, PackOpener, type PackOpenerOptions } from "./pack-opener.ts";
import { SessionStarts, type SessionStartsOptions } from "./session-starts.ts";

export interface EngineHostOptions extends SessionStartsOptions, PackOpenerOptions {
  readonly onDispose: () => void;
}

/** How a call of a host is made. */
export interface HostCall extends EngineCall {
  /** What it gives to the model. */
  readonly inputs?: Tensors;
  /** Whether what a woken engine fails at is asked of the next one. @default true */
  readonly isReplayed?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Says that the turn has come, in the worker too, and that the pack has to be opened again first. */
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
  readonly place: Place;
  /** Why later visits find no image of it, once that is known. */
  noImage: string | undefined;
  readonly #disposal = new AbortController();
  readonly #queue: CallQueue;
  readonly #starts: SessionStarts;
  readonly #opener: PackOpener;
  readonly #onDispose: () => void;

  constructor(options: EngineHostOptions) {
    const { place, onDispose } = options;
    const { signal } = this.#disposal;
    this.place = place;
    this.#onDispose = onDispose;
    this.#queue = new CallQueue(signal);
    this.#starts = new SessionStarts(options, { host: this, ended: signal });
    this.#opener = new PackOpener(options, { starts: this.#starts, queue: this.#queue });
  }

  get backend(): Backend {
    return this.place.backend;
  }

  /** Whether its engine has run the model before, so that the next run finds everything prepared. */
  get hasRun(): boolean {
    const { session } = this.#starts;
    return session?.hasRun === true && !session.worker.isEnded;
  }

  /** Whether no call is made that is not done with. */
  get isIdle(): boolean {
    return this.#queue.isIdle;
  }

  /** How its engine came to be. */
  get start(): EngineStart {
    const { noImage } = this;
    return { ...this.#starts.start, ...(noImage && { noImage }) };
  }

  /** The pack it has opened. */
  get pack(): PackRef | undefined {
    return this.#opener.pack;
  }

  /** What its session takes; `undefined` where its worker has ended: the next call opens it again. */
  get memory(): SessionMemory | undefined {
    const { session } = this.#starts;
    if (session?.isOpen !== true || session.worker.isEnded) return undefined;
    return session.worker.memoryOf(session.id);
  }

  /**
   * Opens a pack, in another worker where the last one has ended. What cannot be woken is loaded.
   *
   * @returns `undefined` where the store has nothing active for the selector.
   */
  open(request: OpenRequest, signal?: AbortSignal): Promise<HostOpened | undefined> {
    return this.#opener.open(request, signal);
  }

  /**
   * Opens a pack that is in the store, or was: what the engine cannot read there is made whole again
   * and handed over.
   *
   * @throws SelvedgeError `storage-damaged` where that is not possible either.
   */
  openStored(choice: Choice & Pick<PackRef, "origin">, signal?: AbortSignal): Promise<HostOpened> {
    return this.#opener.openStored(choice, signal);
  }

  /** Whether its engine waits to hear if an image ships with the pack that it opens. */
  get isFirst(): boolean {
    const { session } = this.#starts;
    return session?.isFirst === true && !session.isOpen;
  }

  /**
   * Asks its engine whether it can be woken from an image that ships with a pack. It can be opened by that
   * `image` then, once the blobs that this answers with are stored.
   *
   * @throws Error saying why it has to be loaded
   */
  consider(offer: PackOffer, signal?: AbortSignal): Promise<Considered> {
    return this.#opener.consider(offer, signal);
  }

  /** It is not to be woken: what its pack ships with does not do, for this reason. */
  loadInstead(reason: Error): void {
    this.#starts.loadInstead(reason);
  }

  /** Says early what runs the pack that is about to be opened. */
  expect(engine: EngineName): void {
    this.#starts.session?.worker.tell((remote) => remote.expect(engine));
  }

  /** Lets other models into its worker: it has been proven, and serves like them. */
  share(): void {
    this.#starts.share();
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
      this.#starts.ran(outcome, inputs);
      return outcome;
    };
    // Whoever has kept the inputs gives them to the next engine.
    return this.ask(run, { ...call, inputs, isReplayed: false, onStart: start, signal });
  }

  /** Asks the engine something about the pack when it is this call's turn; opens it where it is not. */
  ask<T>(
    invoke: (engine: Remote<EngineApi>, session: number) => Promise<Outcome<T>>,
    { signal, onOpening, inputs, isReplayed = true, ...call }: HostCall,
  ): Promise<T> {
    return this.#queue.add(async () => {
      for (;;) {
        const session = await this.#opener.ensureOpen(onOpening);
        const { worker, id } = session;
        try {
          return await worker.call((engine) => invoke(engine, id), call);
        } catch (error) {
          if (!this.#starts.failed(session, error, inputs) || !isReplayed) throw error;
        }
      }
    }, signal);
  }

  /**
   * Whether a failure is taken to be that of an image, or of a runtime that was fitted to other calls: it
   * says nothing about the place, and the next engine is started otherwise.
   */
  isOfStart(error: unknown): boolean {
    return this.#starts.isOfStart(error);
  }

  /**
   * Holds the answer of an engine that was woken against that of the one that was written down, bit for
   * bit. Where it is another, the image is dropped, and a loaded engine answers the calls that wait.
   *
   * @throws SelvedgeError `storage-damaged` where the golden inputs are not here any more.
   */
  checkWoken(signal?: AbortSignal): Promise<void> {
    return this.#queue.add(async () => {
      const { session } = this.#starts;
      if (session === undefined || session.step === "none" || session.worker.isEnded) return;
      const { worker, id } = session;
      const timeoutMs = this.#opener.proofTimeoutMs;
      const proof = await worker.call((engine) => engine.checkWoken(id), { timeoutMs });
      if (proof.holds) return;
      await this.#starts.refute(session, proof.finding);
      this.#opener.openAhead();
    }, signal);
  }

  /** Runs the golden inputs and holds the answers against the pack's. */
  prove(signal?: AbortSignal): Promise<Proof> {
    return this.#queue.add(async () => {
      await this.#opener.ensureOpen();
      return this.#opener.prove();
    }, signal);
  }

  /**
   * Ends the worker; the next call starts another. What other models have asked of the same worker is asked
   * of another: the reason is none of theirs.
   */
  restart(reason: Error): void {
    const { worker } = this.#starts.session ?? {};
    worker?.end(worker.sessions > 1 && !breaksEngine(reason) ? crashedFor(reason) : reason);
  }

  /** Ends the session once the calls that were made so far are answered. */
  async retire(): Promise<void> {
    await this.#queue.emptied;
    this.dispose();
  }

  /** Ends the session. Pending and later calls reject with `reason`. Idempotent. */
  dispose(reason: SelvedgeError = disposedError()): void {
    if (this.#disposal.signal.aborted) return;
    this.#disposal.abort(reason);
    this.#starts.end(reason);
    this.#onDispose();
  }
}

/** A worker of another version may answer with anything. */
function isRun(value: Partial<EngineRun> | undefined): boolean {
  return typeof value?.outputs === "object" && Number.isFinite(value.runMs);
}

/** What the models of a worker are told that was ended for one of them. */
function crashedFor(cause: Error): SelvedgeError {
  return new SelvedgeError(
    "engine-crashed",
    `The engine worker was ended, as another model in it failed: ${cause.message}`,
    { cause, detail: { hasRun: true } },
  );
}

function disposedError(): SelvedgeError {
  return new SelvedgeError("disposed", "The model has been disposed. Load it again to use it.");
}
