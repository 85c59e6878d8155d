import { SelvedgeError } from "@selvedge/protocol";
import { transfer } from "comlink";
import type {
  Considered,
  Opened,
  OpenRequest,
  Place,
  Proof,
  RuntimeStarted,
} from "../worker/engine-api.ts";
import { foreignAnswer } from "../worker/engine-failure.ts";
import type { Choice, PackBytes, PackOffer, PackRef } from "../worker/keeper-api.ts";
import type { CallQueue } from "./call-queue.ts";
import { againWithin } from "./deadline.ts";
import type { Session, SessionStarts } from "./session-starts.ts";
import { storedHint } from "./wake-hint.ts";

/** Opening reads and prepares a whole model, and proving runs it for the first time, shaders and all. */
const OPEN_BOUNDS = { floorMs: 30_000, capMs: 120_000 };

/** A session that has been opened, and what it took. */
export interface HostOpened
  extends Opened,
    Pick<RuntimeStarted, "compileMs" | "importMs" | "scriptAt"> {}

export interface PackOpenerOptions {
  readonly place: Place;
  /** The digest of the trust anchors, where there are any. */
  readonly trust?: string | undefined;
  /** Makes a pack whole again that could not be read from the store, and hands it over. */
  readonly recover?: (pack: PackRef, signal?: AbortSignal) => Promise<PackBytes>;
}

/** How a pack is opened. */
interface Opening {
  readonly signal?: AbortSignal | undefined;
  /** Its turn in the worker has come. */
  readonly onOpening?: (() => void) | undefined;
}

/** What it opens packs in, and when. */
interface Surroundings {
  readonly starts: SessionStarts;
  readonly queue: CallQueue;
}

/**
 * Opens a pack in a session, and the same one again after each start. What the engine cannot read from the
 * store is made whole and handed over; what was opened again on a GPU has to give its golden answers.
 */
export class PackOpener {
  readonly #options: PackOpenerOptions;
  readonly #starts: SessionStarts;
  readonly #queue: CallQueue;
  #pack: (PackRef & Pick<Opened, "engine">) | undefined;
  #openedInMs: number | undefined;
  #provedInMs: number | undefined;

  constructor(options: PackOpenerOptions, { starts, queue }: Surroundings) {
    this.#options = options;
    this.#starts = starts;
    this.#queue = queue;
  }

  /** The pack it has opened. */
  get pack(): PackRef | undefined {
    return this.#pack;
  }

  /** How long the golden inputs may take. */
  get proofTimeoutMs(): number {
    return againWithin(this.#provedInMs, OPEN_BOUNDS);
  }

  /** As `EngineHost.open`. */
  async open(
    request: OpenRequest,
    signal?: AbortSignal,
    onOpening?: () => void,
  ): Promise<HostOpened | undefined> {
    const turn = this.#starts.turnAlone();
    if (turn !== undefined) await this.#queue.until(turn, signal);
    if (request.by === "selector") this.#starts.name = request.selector.name;
    for (;;) {
      const session = this.#connect(request.by === "selector");
      try {
        return await this.#openIn(session, request, { signal, onOpening });
      } catch (error) {
        // What was handed over, or considered, has gone with the worker.
        const isGone = request.by === "bytes" || request.by === "image";
        if (isGone || !this.#starts.failed(session, error)) throw error;
      }
    }
  }

  /** As `EngineHost.consider`. */
  consider(offer: PackOffer, signal?: AbortSignal): Promise<Considered> {
    const { worker } = this.#connect();
    const limits = { timeoutMs: OPEN_BOUNDS.floorMs };
    return this.#queue.until(
      worker.call((engine) => engine.consider(offer), limits),
      signal,
    );
  }

  /** As `EngineHost.openStored`. */
  async openStored(
    { digest, dtype, origin }: Choice & Pick<PackRef, "origin">,
    signal?: AbortSignal,
    onOpening?: () => void,
  ): Promise<HostOpened> {
    const from = origin === undefined ? {} : { origin };
    this.#starts.name = origin?.name ?? this.#starts.name;
    const pack = { digest, dtype, ...from, ...this.#device() };
    const opening = this.open({ by: "digest", ...pack }, signal, onOpening);
    const opened = await opening.catch((error: unknown) => this.#openMended(error, pack, signal));
    if (opened === undefined) throw new Error("a pack opened by digest is there or throws");
    return opened;
  }

  /**
   * The session, open; where its worker has ended, in another.
   *
   * @param onOpening says that the pack has to be opened again first, and that its turn in the worker has come
   * @throws SelvedgeError `no-candidate` where a GPU no longer gives the golden answers.
   */
  async ensureOpen(onOpening?: () => void): Promise<Session> {
    const { session } = this.#starts;
    if (session?.isOpen === true && !session.worker.isEnded) return session;
    if (this.#pack === undefined) throw new Error("run before open");
    const { name, version } = await this.openStored(this.#pack, undefined, onOpening);
    const reopened = this.#connect();
    const { backend } = this.#options.place;
    if (backend === "wasm") return reopened;
    // A GPU that was lost may come back as another: it earns its trust again.
    const { holds, finding } = await this.prove();
    if (holds) return reopened;
    const reason = new SelvedgeError(
      "no-candidate",
      `${name}@${version} no longer gives its golden answers on ${backend}: ${finding}. Load it again with backend "wasm" or "auto".`,
      { detail: { backend, finding } },
    );
    this.#starts.session?.worker.end(reason);
    throw reason;
  }

  /** Opens its pack again ahead of its next call. What fails, that call tells. */
  openAhead(): void {
    this.#queue.add(() => this.ensureOpen()).catch(() => undefined);
  }

  /** Holds the answers of a session that is open against the golden ones. */
  async prove(): Promise<Proof> {
    try {
      return await this.#prove();
    } catch (error) {
      if (this.#pack === undefined) throw error;
      await this.#openMended(error, this.#pack);
      return this.#prove();
    }
  }

  async #prove(): Promise<Proof> {
    const { worker, id } = this.#connect();
    const timeoutMs = this.proofTimeoutMs;
    let startedAt = performance.now();
    const onStart = () => {
      startedAt = performance.now();
    };
    const proof = await worker.call((engine) => engine.prove(id), { timeoutMs, onStart });
    this.#provedInMs = performance.now() - startedAt;
    return proof;
  }

  async #openIn(
    session: Session,
    request: OpenRequest,
    { signal, onOpening }: Opening,
  ): Promise<HostOpened | undefined> {
    const { worker, id, step, isFirst } = session;
    const { backend, layout } = this.#options.place;
    const wake = step === "none" || request.by === "bytes" ? {} : { wake: step, isFirst };
    const how = { backend, ...(layout === undefined ? {} : { layout }), ...wake };
    const handedOver = request.by === "bytes" ? request.pieces.map(({ bytes }) => bytes) : [];
    const timeoutMs = againWithin(this.#openedInMs, OPEN_BOUNDS);
    let startedAt = performance.now();
    const onStart = () => {
      startedAt = performance.now();
      onOpening?.();
    };
    const opened = await this.#queue.until(
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
    this.#openedInMs = performance.now() - startedAt;
    worker.hold(id, opened, { backend, wake: () => this.openAhead() });
    this.#starts.opened(session, opened);
    const isStored = request.by === "selector" || request.by === "digest";
    if (isFirst && isStored) storedHint.note(this.#starts.name);
    return { ...opened, compileMs, importMs, scriptAt };
  }

  /** @throws `error`, where it is not about the store, or nothing can be done */
  async #openMended(
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

  #connect(isBySelector = false): Session {
    // Only keys say who made what comes with a pack.
    const mayShip = isBySelector && this.#options.trust !== undefined && this.#pack === undefined;
    return this.#starts.connect(this.#pack?.engine, mayShip);
  }

  #device(): Pick<PackRef, "backend" | "features" | "trust"> {
    const { place, trust } = this.#options;
    const { backend, features } = place;
    return { backend, features, ...(trust === undefined ? {} : { trust }) };
  }
}
