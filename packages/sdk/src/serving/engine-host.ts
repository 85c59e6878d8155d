import { SelvedgeError } from "@selvedge/protocol";
import { transfer } from "comlink";
import { buffersOf, type Tensors } from "../tensor.ts";
import type {
  Backend,
  EngineApi,
  EngineName,
  EngineRun,
  Opened,
  PackRequest,
  Proof,
  RuntimeStarted,
} from "../worker/engine-api.ts";
import type { Choice, PackBytes, PackRef } from "../worker/keeper-api.ts";
import { WorkerLink } from "../worker/worker-link.ts";
import type { RuntimeShelf } from "./runtime-shelf.ts";

/** Opening reads and prepares a whole model; a device that needs longer than this is stuck. */
const OPEN_TIMEOUT_MS = 120_000;

/** Proving on a slow device runs the model for the first time, shaders and all. */
const PROVE_TIMEOUT_MS = 120_000;

export interface EngineHostOptions {
  readonly backend: Backend;
  /** What the backend has of what variants may require. */
  readonly features: readonly string[];
  /** The digest of the trust anchors, where there are any. */
  readonly trust?: string | undefined;
  readonly spawn: () => Worker;
  /** Absolute URL of the folder that holds the runtimes' folders, with a slash at its end. */
  readonly assets: string;
  readonly shelf: RuntimeShelf;
  /** Makes a pack whole again that could not be read from the store, and hands it over. */
  readonly recover?: (pack: PackRef, signal?: AbortSignal) => Promise<PackBytes>;
  readonly onDispose: () => void;
}

/** A session that has been opened, and what it took. */
export interface HostOpened extends Opened {
  readonly compileMs: number;
}

/**
 * The supervisor of one engine worker. Calls are answered one at a time, in order. A crash, a hang or
 * `dispose` settles every pending call and ends the worker; the next call starts a fresh one, on the
 * same pack.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  #link: WorkerLink<EngineApi> | undefined;
  #started: Promise<RuntimeStarted> | undefined;
  /** Whether the worker of `#link` has a session. */
  #isOpen = false;
  #pack: (PackRef & Pick<Opened, "engine">) | undefined;
  /** Settles when the call before the next one is done with. */
  #turn: Promise<unknown> = Promise.resolve();
  #disposed: SelvedgeError | undefined;

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  get backend(): Backend {
    return this.#options.backend;
  }

  /** What the backend has of what variants may require. */
  get features(): readonly string[] {
    return this.#options.features;
  }

  /**
   * Opens a pack, in a fresh worker where there is none.
   *
   * @returns `undefined` where the store has nothing active for the selector.
   */
  async open(request: PackRequest, signal?: AbortSignal): Promise<HostOpened | undefined> {
    const { link, started } = this.#connect();
    // A store that has nothing answers before the runtime has started, and the download need not wait.
    const handedOver = request.by === "bytes" ? request.pieces.map(({ bytes }) => bytes) : [];
    const opened = await link.call((engine) => engine.open(transfer(request, handedOver)), {
      signal,
      timeoutMs: OPEN_TIMEOUT_MS,
    });
    if (opened === undefined) return undefined;
    const { compileMs } = await started;
    const { digest, dtype, engine, name, version } = opened;
    const origin = { name, version };
    this.#pack = { digest, dtype, engine, origin, ...this.#place() };
    this.#isOpen = true;
    return { ...opened, compileMs };
  }

  /** Says early what runs the pack that is about to be opened. */
  expect(engine: EngineName): void {
    this.#link?.tell((remote) => remote.expect(engine));
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
    const pack = { digest, dtype, ...from, ...this.#place() };
    const opened = await this.open({ by: "digest", ...pack }, signal).catch((error: unknown) =>
      this.#openAgain(error, pack, signal),
    );
    if (opened === undefined) throw new Error("a pack opened by digest is there or throws");
    return opened;
  }

  /** The pack it has opened. */
  get pack(): PackRef | undefined {
    return this.#pack;
  }

  /** Runs the model when it is this call's turn. `onStart` says that the turn has come. */
  run(
    inputs: Tensors,
    {
      signal,
      timeoutMs,
      onStart,
    }: { signal?: AbortSignal | undefined; timeoutMs: number; onStart: () => void },
  ): Promise<EngineRun> {
    return this.#inTurn(signal, async () => {
      await this.#ensureOpen();
      signal?.throwIfAborted();
      onStart();
      const { link } = this.#connect();
      return link.call((engine) => engine.run(transfer(inputs, buffersOf(inputs))), { timeoutMs });
    });
  }

  /** Runs the golden inputs and holds the answers against the pack's. */
  prove(signal?: AbortSignal): Promise<Proof> {
    return this.#inTurn(signal, async () => {
      await this.#ensureOpen();
      return this.#holdAgainstGolden();
    });
  }

  /** Ends the worker; the next call starts a fresh one. */
  restart(reason: Error): void {
    this.#link?.end(reason);
  }

  /** Ends the worker once the calls that were made so far are answered. */
  async retire(): Promise<void> {
    await this.#turn;
    this.dispose();
  }

  /** Ends the worker. Pending and later calls reject with `reason`. Idempotent. */
  dispose(reason: SelvedgeError = disposedError()): void {
    this.#disposed ??= reason;
    this.#link?.end(reason);
    this.#options.onDispose();
  }

  /**
   * A session of onnxruntime-web takes one call at a time. A caller that gives up while its call runs
   * is told at once, but the next call still waits for the worker to be done.
   */
  #inTurn<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#disposed !== undefined) throw this.#disposed;
      signal?.throwIfAborted();
      return run();
    });
    this.#turn = turn.catch(() => undefined);
    if (signal === undefined) return turn;
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort);
      turn.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
      if (signal.aborted) abort();
    });
  }

  async #ensureOpen(): Promise<void> {
    if (this.#link?.isEnded === false && this.#isOpen) return;
    if (this.#pack === undefined) throw new Error("run before open");
    const { name, version } = await this.openStored(this.#pack);
    if (this.backend === "wasm") return;
    // A GPU that was lost may come back as another: it earns its trust again.
    const { holds, finding } = await this.#holdAgainstGolden();
    if (holds) return;
    const reason = new SelvedgeError(
      "no-candidate",
      `${name}@${version} no longer gives its golden answers on ${this.backend}: ${finding}. Load it again with backend "wasm" or "auto".`,
      { detail: { backend: this.backend, finding } },
    );
    this.#link?.end(reason);
    throw reason;
  }

  #place(): Pick<PackRef, "backend" | "features" | "trust"> {
    const { backend, features, trust } = this.#options;
    return { backend, features, ...(trust === undefined ? {} : { trust }) };
  }

  async #holdAgainstGolden(): Promise<Proof> {
    const prove = () =>
      this.#connect().link.call((engine) => engine.prove(), { timeoutMs: PROVE_TIMEOUT_MS });
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

  #connect(): { link: WorkerLink<EngineApi>; started: Promise<RuntimeStarted> } {
    if (this.#disposed !== undefined) throw this.#disposed;
    if (this.#link?.isEnded === false && this.#started !== undefined)
      return { link: this.#link, started: this.#started };
    const { backend, spawn, assets, shelf } = this.#options;
    // Most packs are ONNX; one that is not says so when it is opened.
    const engine = this.#pack?.engine ?? "onnx";
    const link = new WorkerLink<EngineApi>(spawn(), "engine");
    const request = { assets, backend, engine };
    const started = shelf.start(`${engine} on ${backend}`, (module) =>
      link.call((remote) => remote.start(module === undefined ? request : { ...request, module }), {
        timeoutMs: OPEN_TIMEOUT_MS,
      }),
    );
    started.catch((reason: unknown) => {
      // onnxruntime's initialisation stays broken after a failure: a retry needs a new worker.
      link.end(reason instanceof Error ? reason : new Error(String(reason)));
    });
    this.#link = link;
    this.#started = started;
    this.#isOpen = false;
    return { link, started };
  }
}

function disposedError(): SelvedgeError {
  return new SelvedgeError("disposed", "The model has been disposed. Load it again to use it.");
}
