import { SelvedgeError } from "@selvedge/protocol";
import type { EngineSession } from "../engine/engine-session.ts";
import { type FirstVisit, refusal } from "../engine/image/first-visit.ts";
import { planRuntime } from "../engine/image/plan-runtime.ts";
import type { EarlyPages } from "../engine/image/read-pages.ts";
import {
  beside,
  type Made,
  requireGolden,
  requireSame,
  type Woken,
  wake,
  wakingOf,
} from "../engine/image/wake-session.ts";
import { USUAL, type WasmPlan } from "../engine/image/wasm-plan.ts";
import { memoryAhead } from "../engine/onnx/onnx-runtime.ts";
import { choosePack, type FoundPack, readWhole } from "../engine/open-pack.ts";
import { readSettings } from "../engine/read-settings.ts";
import { RUNTIME_FOLDER } from "../engine/runtime-files.ts";
import type { RuntimeLoader } from "../engine/runtime-loader.ts";
import { summaryOf } from "../engine/variant-summary.ts";
import { prove } from "../proving/worker/prove.ts";
import type { OnTrial } from "../proving/worker/trial.ts";
import type { Database } from "../store/database.ts";
import type { Backend, Opened, OpenRequest, PackRequest, SessionHow } from "./engine-api.ts";

/** A session, and what it is of. */
export interface OpenSession {
  readonly session: EngineSession;
  readonly pack: FoundPack;
  readonly backend: Backend;
  /** How it was created, and how long that took in milliseconds, reading included. */
  readonly how: SessionHow;
  readonly loadMs: number;
}

/** How a session is loaded. */
interface Loading {
  readonly request: OpenRequest;
  readonly how: SessionHow;
  readonly settings: ReturnType<typeof readSettings> | undefined;
  /** When it was asked for, by `performance.now()`. */
  readonly startedAt: number;
}

/** What sessions are made with. */
interface SessionRooms {
  readonly database: Database;
  readonly runtimes: RuntimeLoader;
  readonly firstVisit: FirstVisit;
}

/** The sessions of a worker, by the numbers that the page gives them. */
export class EngineSessions {
  /** What is read before it is known which image is woken. */
  early: EarlyPages | undefined;
  readonly #rooms: SessionRooms;
  readonly #sessions = new Map<number, OpenSession>();
  #isPristine = true;
  #imageKey: string | undefined;

  constructor(rooms: SessionRooms) {
    this.#rooms = rooms;
  }

  /** Whether all that this worker has done was to open one session, and to prove it. */
  get isPristine(): boolean {
    return this.#isPristine && this.#sessions.size <= 1;
  }

  /** The key of the image that its first session was woken from, be it in vain. */
  get imageKey(): string | undefined {
    return this.#imageKey;
  }

  /** The session that was woken from an image, which has its worker alone. */
  wokenFrom(key: string): OpenSession | undefined {
    const [woken] = key === this.#imageKey ? this.#sessions.values() : [];
    return woken;
  }

  /** @throws SelvedgeError `session-failed` where there is none by that number */
  opened(id: number): OpenSession {
    const open = this.#sessions.get(id);
    if (open !== undefined) return open;
    throw new SelvedgeError(
      "session-failed",
      "The engine worker was asked to run before it had a session. Load the model again.",
    );
  }

  /** A session, as those have it that prove and time it. */
  onTrial(id: number): OnTrial {
    const { database } = this.#rooms;
    const { session, pack, backend } = this.opened(id);
    const { manifest, variant } = pack;
    return { database, session, manifest, variant, backend };
  }

  /** A session that is given what only the page knows: its worker is written down no more. */
  toUse(id: number): OpenSession {
    const open = this.opened(id);
    this.#isPristine = false;
    return open;
  }

  /**
   * Opens a session of a pack in the store: woken, where an image of it is, or loaded.
   *
   * @returns `undefined` where nothing is stored that answers for what is asked for
   */
  async open(id: number, request: OpenRequest, how: SessionHow): Promise<Opened | undefined> {
    const { database, runtimes, firstVisit } = this.#rooms;
    const startedAt = performance.now();
    const isShipped = request.by === "image";
    const planned = isShipped ? firstVisit.plan : this.#planOpening(request, how);
    const finding = isShipped ? firstVisit.open() : this.#find(request, planned);
    // Nothing is read of its pack to wake it: that is looked up meanwhile, and held against what woke.
    const mayWake = how.wake === "run" || how.wake === "full";
    // Where nothing is found on a first visit, no runtime comes before the page has heard of that.
    const after = isShipped || how.isFirst ? finding : undefined;
    const waking = mayWake ? this.#wakePlanned(id, planned, after) : undefined;
    const found = await beside(waking, finding);
    if (found === undefined) return undefined;
    const { digest, manifest, variant } = found;
    const { backend } = how;
    const settings = backend === "wasm" ? readSettings(database, found) : undefined;
    const woken = await waking;
    if (woken !== undefined) requireSame(woken, found);
    if (woken === undefined && isShipped) throw refusal(runtimes.wasm?.reason ?? "it is gone");
    const made = woken ?? (await this.#load(id, found, { request, how, settings, startedAt }));
    const { session, runtime, image, readMs } = made;
    const provedFrom = performance.now();
    // It was proven elsewhere: here it has yet to give the answers that the pack was signed with.
    if (isShipped) await requireGolden({ database, session, manifest, variant, backend });
    const createMs = made.createMs + performance.now() - provedFrom;
    const loadMs = readMs + createMs;
    const settled = await settings;
    const told =
      how.wake === undefined ? {} : { waking: await wakingOf(await planned, runtime, image) };
    const created = { ...settled, ...how };
    this.#sessions.set(id, { session, pack: found, backend, how: created, loadMs });
    const { name, version, signature, variants, reference } = manifest;
    const { dtype, engine } = variant;
    return {
      digest,
      name,
      version,
      dtype,
      engine,
      ...(session.finding === undefined ? {} : { finding: session.finding }),
      signature,
      ...(reference === undefined ? {} : { reference }),
      ...(settled === undefined ? {} : { settings: settled }),
      ...told,
      signedBy: found.signedBy,
      bytes: found.bytes,
      variants: variants.map(summaryOf),
      readMs,
      createMs,
      engineBytes: runtimes.bytes,
    };
  }

  /** Gives a session up. One that was woken in a wasm that only runs goes with its worker. */
  async release(id: number): Promise<void> {
    const open = this.#sessions.get(id);
    this.#sessions.delete(id);
    if (this.#rooms.runtimes.wasm?.kind !== "run") await open?.session.release();
  }

  /** Which wasm a session needs: of the first that is opened, unless the worker was not told to wait. */
  async #planOpening(request: PackRequest, how: SessionHow): Promise<WasmPlan> {
    const { database, runtimes, firstVisit } = this.#rooms;
    const runtime = await runtimes.requested;
    // It is the first session's, or nobody's: pages that nobody wakes are not held.
    const read = this.early;
    this.early = undefined;
    if (runtimes.hasPlan) {
      read?.letGo();
      return { wasm: USUAL, reason: "the worker has a runtime already" };
    }
    const plan = planRuntime(database, {
      ...{ request, how, runtime, early: read },
      memory: () => memoryAhead(`${runtime.assets}${RUNTIME_FOLDER}/`),
    });
    void plan.then(() => read?.letGo());
    runtimes.plan(how.isFirst ? firstVisit.begin(runtime) : plan);
    return plan;
  }

  /** Finds a pack in the store. What waits to hear if an image ships with it loads as was planned. */
  async #find(
    request: Parameters<typeof choosePack>[1],
    planned: Promise<WasmPlan>,
  ): Promise<FoundPack | undefined> {
    const { database, firstVisit } = this.#rooms;
    const found = await choosePack(database, request);
    if (found !== undefined) firstVisit.loadInstead(planned);
    return found;
  }

  /**
   * Wakes what was planned, if anything.
   *
   * @param after what has to be found first
   * @returns `undefined` where nothing is to be woken, or its image turned out to be none
   */
  async #wakePlanned(
    id: number,
    planned: Promise<WasmPlan>,
    after?: Promise<unknown>,
  ): Promise<Woken | undefined> {
    const startedAt = performance.now();
    if (after !== undefined && (await after) === undefined) return undefined;
    const { toWake } = await planned;
    if (toWake === undefined) return undefined;
    const runtime = await this.#rooms.runtimes.need("onnx");
    const image = runtime.wasm?.image;
    if (image === undefined) return undefined;
    await this.#prepare(id);
    const createdAt = performance.now();
    this.#imageKey = toWake.key;
    const session = await wake(runtime, image);
    const createMs = performance.now() - createdAt;
    return { session, runtime, image, of: toWake, readMs: createdAt - startedAt, createMs };
  }

  /** Reads a pack, and creates a session of it. */
  async #load(
    id: number,
    found: FoundPack,
    { request, how, settings, startedAt }: Loading,
  ): Promise<Made> {
    const { database, runtimes } = this.#rooms;
    const { manifest, variant } = found;
    // The page may still hold the start back: what is to be read is read meanwhile.
    const source = await readWhole(database, found, request);
    const readMs = performance.now() - startedAt;
    const [runtime, settled] = await Promise.all([runtimes.need(variant.engine), settings]);
    if (runtime.wasm?.kind === "run") throw this.#onlyRuns(id);
    await this.#prepare(id);
    this.#isPristine &&= request.by !== "bytes";
    const createdAt = performance.now();
    const { backend } = how;
    const session = await runtime.createSession(source, { ...settled, ...how }, (made) =>
      prove({ database, session: made }, { manifest, variant, backend }),
    );
    return { session, runtime, readMs, createMs: performance.now() - createdAt };
  }

  /** A pack that had to be mended is opened anew: the runtime must not hold it twice. */
  async #prepare(id: number): Promise<void> {
    await this.release(id);
    this.#isPristine &&= this.#sessions.size === 0;
  }

  /** @param id a session that has to be loaded: where no other is open, its worker is of no use any more */
  #onlyRuns(id: number): SelvedgeError {
    const isBroken = this.#sessions.size === 0 || this.#sessions.has(id);
    return new SelvedgeError(
      "session-failed",
      "The engine worker only runs what was woken. Use another.",
      { detail: { isBroken, isWoken: true } },
    );
  }
}
