import { SelvedgeError } from "@selvedge/protocol";
import { type Remote, transfer } from "comlink";
import { buffersOf, type Tensors } from "../tensor.ts";
import type {
  Backend,
  EngineApi,
  EngineName,
  EngineRun,
  Opened,
  PackRequest,
  Place,
  Proof,
  RuntimeStarted,
} from "../worker/engine-api.ts";
import { foreignAnswer } from "../worker/engine-failure.ts";
import type { Choice, PackBytes, PackRef } from "../worker/keeper-api.ts";
import type { Outcome } from "../worker/outcome.ts";
import { againWithin } from "./deadline.ts";
import type { EnginePool } from "./engine-pool.ts";
import type { EngineCall, EngineWorker, SessionMemory } from "./engine-worker.ts";

/** Opening reads and prepares a whole model, and proving runs it for the first time, shaders and all. */
const OPEN_BOUNDS = { floorMs: 30_000, capMs: 120_000 };

/**
 * How a worker is had that nothing else runs in. Of those that nobody waits for there is one at a time on
 * a page: opening waits for its turn. What someone waits for, or has the turn already, is opened at once.
 */
export type OwnWorker = "in-turn" | "at-once";

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
  /** Its engine failed, and is started again. */
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
}

/** How a call of a host is made. */
export interface HostCall extends EngineCall {
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

  constructor(options: EngineHostOptions) {
    this.#options = options;
    this.#own = options.own !== undefined;
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

  /** The pack it has opened. */
  get pack(): PackRef | undefined {
    return this.#pack;
  }

  /**
   * Opens a pack, in another worker where the last one has ended.
   *
   * @returns `undefined` where the store has nothing active for the selector.
   */
  async open(request: PackRequest, signal?: AbortSignal): Promise<HostOpened | undefined> {
    if (this.#own && this.#options.own === "in-turn") await this.#until(this.#turnAlone(), signal);
    const session = this.#connect();
    const { worker, id } = session;
    const { backend, layout } = this.place;
    const how = { backend, ...(layout === undefined ? {} : { layout }) };
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
    this.#leaveTurn();
    if (this.#session === undefined) return;
    const { worker } = this.#session;
    worker.isShared = this.backend === "wasm";
    worker.isOnTrial = false;
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
      return outcome;
    };
    return this.ask(run, { ...call, onStart: start, signal });
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
    { signal, onOpening, ...call }: HostCall,
  ): Promise<T> {
    return this.#inTurn(signal, async () => {
      const { worker, id } = await this.#ensureOpen(onOpening);
      return worker.call((engine) => invoke(engine, id), call);
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
  #connect(): Session {
    this.#disposal.signal.throwIfAborted();
    if (this.#session?.worker.isEnded === false) return this.#session;
    const failure = this.#session?.worker.failure;
    if (failure !== undefined) this.#options.onRestart?.(this, failure);
    // Most packs are ONNX; one that is not says so when it is opened.
    const worker = this.#options.pool.take(this.#pack?.engine ?? "onnx", this.place, this.#own);
    this.#session = { worker, id: worker.nextSession(), isOpen: false, hasRun: false };
    return this.#session;
  }
}

/** A worker of another version may answer with anything. */
function isRun(value: Partial<EngineRun> | undefined): boolean {
  return typeof value?.outputs === "object" && Number.isFinite(value.runMs);
}

function disposedError(): SelvedgeError {
  return new SelvedgeError("disposed", "The model has been disposed. Load it again to use it.");
}
