import type { SelvedgeError } from "@selvedge/protocol";
import type { Tensors } from "../tensor.ts";
import type { EngineName, ImageAt, Opened, Place, WakeStep } from "../worker/engine-api.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import type { Outcome } from "../worker/outcome.ts";
import type { EngineHost } from "./engine-host.ts";
import type { EnginePool, OwnWorker } from "./engine-pool.ts";
import type { EngineStart, StartEvent } from "./engine-start.ts";
import type { EngineWorker } from "./engine-worker.ts";
import { loadHint, storedHint, wakeHint } from "./wake-hint.ts";
import { WakeSteps } from "./wake-steps.ts";

/** Dropping an image, and giving the worker up. */
const QUARANTINE_TIMEOUT_MS = 10_000;

/** A session in a worker. */
export interface Session {
  readonly worker: EngineWorker;
  readonly id: number;
  isOpen: boolean;
  /** Whether it has run once: the first time takes longer. */
  hasRun: boolean;
  /** Whether it has answered a call. */
  hasAnswered: boolean;
  /** The step that it is to be woken at, and once it is open, was. */
  step: WakeStep;
  /** Whether it is not woken as it shares its worker. */
  readonly isShared: boolean;
  /** Whether its runtime waits to hear if an image ships with its pack. */
  readonly isFirst: boolean;
}

export interface SessionStartsOptions {
  readonly place: Place;
  readonly pool: EnginePool;
  /** Whether nothing else may run in its worker, as long as it does not `share`. */
  readonly own?: OwnWorker | undefined;
  /** Whether its engine may be woken from an image. */
  readonly mayWake?: boolean;
  /** Told how its engine came to be, and what became of what was woken. */
  readonly onStart?: (host: EngineHost, event: StartEvent) => void;
  /** Its engine failed, and is started again. What was woken and failed is not told here. */
  readonly onRestart?: (host: EngineHost, failure: SelvedgeError) => void;
}

/** Whose session it is. */
interface Owner {
  readonly host: EngineHost;
  /** Fires when no other worker is to be started. */
  readonly ended: AbortSignal;
}

/**
 * The starts of one session: each in a worker that the pool gives, woken or loaded as the steps say, until
 * that worker ends. What broke is taken to be the image's fault, or a fitted runtime's, or the place's,
 * and the next start is made accordingly.
 */
export class SessionStarts {
  /** The model, as hints know it; empty where it was opened without its name. */
  name = "";
  readonly #options: SessionStartsOptions;
  readonly #owner: Owner;
  readonly #mayWake: boolean;
  readonly #steps: WakeSteps = new WakeSteps();
  /** Failures that are taken to be an image's, or a fitted runtime's. */
  readonly #ofStart = new WeakSet<Error>();
  /** At which steps its engines have answered. */
  readonly #answeredAt = new Set<WakeStep>();
  #own: OwnWorker | undefined;
  /** Its turn to have a worker alone, and what ends that. */
  #alone: Promise<() => void> | undefined;
  #session: Session | undefined;

  constructor(options: SessionStartsOptions, owner: Owner) {
    const { own, place, mayWake = false } = options;
    this.#options = options;
    this.#owner = owner;
    this.#own = own;
    this.#mayWake = mayWake && place.backend === "wasm";
    this.#steps.mayWake = this.#mayWake && (own === undefined || own === "to-wake");
  }

  /** The one that was started last, whether or not its worker has ended. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** How its engine came to be. */
  get start(): EngineStart {
    return this.#steps.start;
  }

  /** What has to be waited for before a worker is taken, where anything has. */
  turnAlone(): Promise<unknown> | undefined {
    // A turn that is taken for nobody would never end.
    this.#owner.ended.throwIfAborted();
    if (this.#own === "in-turn") this.#alone ??= this.#options.pool.alone();
    return this.#alone;
  }

  /**
   * The session, in a worker that has not ended; it may have to be opened.
   *
   * @param engine what the pack is known to need. Most packs are ONNX; one that is not says so when it is opened
   * @param mayShip whether an image that ships with its pack would be believed
   */
  connect(engine: EngineName = "onnx", mayShip = false): Session {
    const { onRestart, pool, place } = this.#options;
    const { ended, host } = this.#owner;
    ended.throwIfAborted();
    const last = this.#session;
    if (last !== undefined) {
      const { failure, isEnded } = last.worker;
      if (!isEnded) return last;
      if (failure !== undefined && !this.failed(last, failure)) onRestart?.(host, failure);
    }
    const own = this.#own;
    const hint = own === "to-wake" ? "run" : wakeHint.of(this.name);
    const isNew = own === undefined && hint === "none" && !storedHint.isNoted(this.name);
    const isFirst = mayShip && isNew;
    const wake = this.#steps.next(isFirst ? "run" : hint);
    const image = wakeHint.imageOf(this.name);
    const isFull = this.#steps.isFull || loadHint.isFull(this.name);
    const worker = pool.take(engine, place, { own, wake, image, isFull, isFirst });
    // In one that others are in, or will be, nothing is woken.
    const step = worker.sessions > 0 ? "none" : worker.wake;
    const isShared = wake !== step;
    const id = worker.nextSession();
    const state = {
      isOpen: false,
      hasRun: false,
      hasAnswered: false,
      isFirst: isFirst && step === "run",
    };
    this.#session = { worker, id, step, isShared, ...state };
    return this.#session;
  }

  /** An engine has been opened: what it says of how it came to be. */
  opened(session: Session, { waking }: Opened): void {
    session.isOpen = true;
    const { worker, isShared, step: asked } = session;
    const start = this.#steps.opened(waking, isShared);
    session.step = start.step;
    if (waking?.isDamaged) this.#tell({ kind: "quarantined", code: "damaged" });
    if (asked !== "none" && start.step === "none") this.#note("none");
    // What ships with a pack is the device's own once that is whole; another tab may be writing one now.
    const hint = wakeHint.of(this.name);
    if (start.step !== "none" && !session.isFirst && hint !== "none") this.#note(hint, start.image);
    if (this.#own !== undefined || this.#options.place.backend !== "wasm") return;
    // A woken engine has a worker alone: it is ended where its image does not hold.
    worker.isShared = start.step === "none";
    this.#tell({ kind: "started", start });
  }

  /** The engine has run the model. Where a loaded one answers what a woken one could not, the image goes. */
  ran({ ok }: Outcome<unknown>, inputs: Tensors): void {
    const session = this.#session;
    if (session === undefined) return;
    session.hasRun = true;
    session.hasAnswered ||= ok;
    if (ok) this.#answeredAt.add(session.step);
    if (!ok || session.step !== "none") return;
    const doubt = this.#steps.takeDoubt(inputs);
    if (doubt === undefined) return;
    const { key, reason } = doubt;
    this.#note("none");
    session.worker.tell((engine) => engine.quarantine(key, reason));
    this.#tell({ kind: "quarantined", code: "failed" });
  }

  /**
   * A call failed. Answers whether its engine broke in a way that the next start may mend, and notes that,
   * once for each failure.
   *
   * @param inputs of the call
   */
  failed(session: Session, error: unknown, inputs?: Tensors): boolean {
    if (!breaksEngine(error)) return false;
    if (this.#ofStart.has(error)) return true;
    const { isOpen, hasAnswered, step } = session;
    const breakage = { error, inputs, isOpen, hasAnswered };
    if (session !== this.#session || !this.#steps.failed(step, breakage)) return false;
    this.#ofStart.add(error);
    const isTrap = error.detail["isFitted"] === true;
    // The next visit need not fail again; what had answered, and trapped at nothing, may do so again.
    if (step !== "none" && (isTrap || !this.#answeredAt.has(step)))
      this.#note(this.#steps.next("run"));
    if (step === "none" && this.#own === undefined) loadHint.noteFull(this.name);
    const { trap } = this.start;
    if (trap !== undefined && isTrap) this.#tell({ kind: "trapped", trap });
    return true;
  }

  /** It is not to be woken: what its pack ships with does not do, for this reason. */
  loadInstead(reason: Error): void {
    this.#ofStart.add(reason);
    this.#steps.lacks(breaksEngine(reason) ? "failed" : "no-image", reason.message);
    if (this.#session !== undefined) this.#session.step = "none";
  }

  /** Whether a failure is one that the next start may mend. */
  isOfStart(error: unknown): boolean {
    return error instanceof Error && this.#ofStart.has(error);
  }

  /** Its answer is not that of the engine that was written down: drops the image, and ends the worker. */
  async refute({ worker }: Session, finding: string): Promise<void> {
    const key = this.start.image?.key;
    this.#steps.wrong(finding);
    this.#note("none");
    this.#tell({ kind: "quarantined", code: "wrong" });
    const limits = { timeoutMs: QUARANTINE_TIMEOUT_MS };
    if (key !== undefined)
      await worker.call((engine) => engine.quarantine(key, finding), limits).catch(() => undefined);
    worker.end(new Error(finding));
  }

  /** Lets other models into its worker: it has been proven, and serves like them. */
  share(): void {
    this.#own = undefined;
    this.#steps.mayWake = this.#mayWake;
    this.#leaveTurn();
    if (this.#session === undefined) return;
    const { worker, step } = this.#session;
    worker.isShared = this.#options.place.backend === "wasm" && step === "none";
    worker.isOnTrial = false;
  }

  /** Gives the worker back. */
  end(reason: Error): void {
    this.#leaveTurn();
    if (this.#session === undefined) return;
    this.#options.pool.giveBack(this.#session.worker, this.#session.id, reason);
  }

  #leaveTurn(): void {
    void this.#alone?.then((end) => end());
    this.#alone = undefined;
  }

  #tell(event: StartEvent): void {
    this.#options.onStart?.(this.#owner.host, event);
  }

  /** What is only tried leaves no hint. */
  #note(step: WakeStep, image?: ImageAt): void {
    if (this.#own === undefined) wakeHint.note(this.name, step, image);
  }
}
