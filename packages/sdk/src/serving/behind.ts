import type { Contest, ContestHow } from "../proving/contest.ts";
import { rehearseStart } from "../proving/rehearsal.ts";
import { whenIdle } from "../proving/when-idle.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { eitherOf } from "./either-of.ts";
import type { Rung } from "./ladder.ts";
import type { LoadRooms, Pace } from "./load-rooms.ts";
import type { Model } from "./model.ts";
import type { ModelUpdate, UpdateFeed, UpdatePolicy } from "./model-update.ts";
import { complete, type Errand, isLacking, LOOK_TIMEOUT_MS } from "./open-proven.ts";
import { pause } from "./pause.ts";
import { proveServing } from "./prove-serving.ts";
import type { Served } from "./served.ts";
import { Updates } from "./updates.ts";
import { whenVisible } from "./when-visible.ts";
import type { WinBack } from "./win-back.ts";

const PACE: Pace = { proveAfterMs: 10_000, checkEveryMs: 60 * 60 * 1000 };

/** What a model was loaded with, as far as it matters afterwards. */
export interface Loaded {
  readonly model: Model;
  /** What served first. */
  readonly first: Served;
  readonly selector: PackSelector;
  readonly policy: UpdatePolicy;
  readonly feed: UpdateFeed;
  /** Whether a GPU may take over. */
  readonly isAuto: boolean;
  /** Whether the registry has just been asked. */
  readonly isFresh: boolean;
  /** Whether it woke from an image that ships with its pack, which the store has not got yet. */
  readonly isShipped?: boolean | undefined;
}

/**
 * What happens behind a model that serves, one thing at a time and in idle time: a GPU takes over, the
 * registry is asked for another version, and what serves unproven is proven. It is loaded when a model
 * first serves, so that no page waits for it.
 */
export class Behind {
  readonly #rooms: LoadRooms;
  readonly #loaded: Loaded;
  readonly #updates: Updates;
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether something has the turn, or waits for it. */
  #isTaken = false;
  #contest: Contest | undefined;
  #isProvingSoon = false;
  #winBack: WinBack | undefined;

  constructor(rooms: LoadRooms, loaded: Loaded) {
    this.#rooms = rooms;
    this.#loaded = loaded;
    this.#updates = new Updates(rooms, loaded, {
      inTurn: (run, signal) => this.#inTurn(run, signal),
      onMove: () => void this.#contend(),
    });
    loaded.model.used.onGrow = () => void this.#proveLarger();
  }

  /** Goes on until the model is disposed of. Never rejects. */
  async run(): Promise<void> {
    const { isFresh, selector, model, first } = this.#loaded;
    const { proveAfterMs, checkEveryMs } = this.#rooms.pace ?? PACE;
    const { disposal } = model;
    // A page that is offline when its engine fails has to have it by then.
    import("./failover.ts").catch(() => undefined);
    // Whatever keeps it from being checked, its next failure is told apart from that of a loaded engine.
    if (first.host.start.code === "woken") {
      const check = () =>
        first.host.checkWoken(disposal).then(
          () => true,
          () => false,
        );
      const isChecked = await check();
      await this.#refill();
      // The browser may have evicted what it is held to.
      if (!isChecked) await check();
    }
    await this.#complete();
    await this.#contend();
    const isPinned = selector.version !== undefined;
    if (!isFresh && !isPinned) await this.#updates.checkQuietly();
    await pause(proveAfterMs, disposal);
    await whenIdle();
    await this.#complete();
    await this.#inSteps(proveServing(this.#rooms, this.#loaded)).catch(() => undefined);
    await whenIdle();
    await this.#inBackground((signal) => rehearseStart(this.#rooms, first, signal)).catch(
      () => undefined,
    );
    await whenIdle();
    await this.#inBackground(async (signal) => {
      // Its own chunk: most visits find their image made, and wake it.
      const { makeImage } = await import("../proving/make-image.ts");
      await makeImage(this.#rooms, { served: first, selector, signal });
    }).catch(() => undefined);
    while (!isPinned && !disposal.aborted) {
      await pause(checkEveryMs, disposal);
      await whenVisible(disposal);
      await whenIdle();
      await this.#complete();
      await this.#updates.checkQuietly();
    }
  }

  /** What was woken needed nothing of its pack, which the browser may have evicted in part. */
  async #refill(): Promise<void> {
    const { first, isShipped, model, selector } = this.#loaded;
    if (isShipped === true) return;
    const signal = model.disposal;
    const limits = { timeoutMs: LOOK_TIMEOUT_MS, signal };
    try {
      await first.host.ask((engine, session) => engine.requireWhole(session), limits);
    } catch (error) {
      // Where the link is down, whatever needs it next asks again.
      const wanted = { ...selector, version: first.opened.version };
      if (isLacking(error)) await complete(this.#rooms, { wanted, signal }).catch(() => undefined);
    }
  }

  /** What was woken before its pack was here: no turn is held while that comes. */
  async #complete(): Promise<void> {
    const { first, isShipped, model } = this.#loaded;
    if (isShipped !== true || first.storage?.kind !== "memory" || model.disposal.aborted) return;
    try {
      // Its own chunk: few visits are the first.
      const { completeShipped } = await import("./complete-shipped.ts");
      await completeShipped(this.#rooms, this.#loaded);
    } catch {
      // The link is down, or the model is gone: it is tried again later, or by the next visit.
    }
  }

  /** Asks the registry now. */
  check(signal: AbortSignal | undefined): Promise<ModelUpdate | undefined> {
    return this.#updates.check(signal);
  }

  /** A rung was given up, and another answers. Never rejects. */
  async lost({ place }: Rung): Promise<void> {
    if (place.backend !== "webgpu") return;
    const { isAuto, model } = this.#loaded;
    try {
      // Its own chunk: few pages lose a GPU.
      const { WinBack } = await import("./win-back.ts");
      const attempt = () => (isAuto ? this.#contend({ isAnew: true }) : this.#goBack());
      this.#winBack ??= new WinBack(model, { attempt, restMs: this.#rooms.pace?.restMs });
      await this.#winBack.lost();
    } catch {
      // A page that is offline may lack it: what answers goes on.
    }
  }

  /** Where the app gave an order, what served first is not raced. */
  async #goBack(): Promise<boolean> {
    const { reopenFirst } = await import("./reopen-first.ts");
    return this.#inSteps(reopenFirst(this.#rooms, this.#loaded));
  }

  /**
   * Other places than the one that serves first may take over from it.
   *
   * @returns whether all of them are decided, and none would do better at another time
   */
  async #contend(how: ContestHow = {}): Promise<boolean> {
    const { isAuto, selector, model } = this.#loaded;
    if (!isAuto || model.served.host.backend !== "wasm") {
      // An update was proven at its golden inputs alone.
      void this.#proveLarger();
      return true;
    }
    let contest: Contest | undefined;
    try {
      // Its own chunk: a page that names WASM loads nothing that knows of GPUs.
      const { Contest } = await import("../proving/contest.ts");
      contest = new Contest(this.#rooms, selector, { ...how, model });
      this.#contest = contest;
      await this.#inSteps(contest.run());
    } catch {
      // The model is gone, or the chunk cannot be loaded: the next load tries again.
    }
    void this.#proveLarger();
    return contest?.isDecided ?? false;
  }

  /** Leaves the app time to go on to inputs that are larger still. */
  async #proveLarger(): Promise<void> {
    const { model, selector } = this.#loaded;
    const isOnGpu = () => model.served.host.backend === "webgpu";
    if (this.#isProvingSoon || (this.#contest === undefined && !isOnGpu())) return;
    this.#isProvingSoon = true;
    await pause((this.#rooms.pace ?? PACE).proveAfterMs, model.disposal);
    await whenIdle();
    this.#isProvingSoon = false;
    await this.#inBackground(async (signal) => {
      if (this.#contest?.isOver === false) return this.#contest.proveLarger();
      // Its own chunk: most GPUs serve as a contest has decided.
      const { proveUsed } = await import("../proving/prove-used.ts");
      await proveUsed(this.#rooms, { model, selector, signal });
    }).catch(() => undefined);
  }

  /**
   * Does one step after the other in the background. Whoever asks for an update meanwhile waits for one
   * step, and not for all.
   */
  async #inSteps<T>(steps: AsyncGenerator<Errand | undefined, T>): Promise<T> {
    for (;;) {
      const { done, value } = await this.#inBackground(() => steps.next());
      if (done) return value;
      // No turn is held while it fetches: on a slow link others would wait for it.
      await value?.();
    }
  }

  /**
   * Does something in turn that keeps the device busy, and no other model of the page does meanwhile.
   * Neither turn is held while it waits for the other: the app may ask for an update at any time.
   */
  async #inBackground<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      await this.#turn;
      const end = await this.#rooms.alone();
      try {
        if (!this.#isTaken) return await this.#inTurn(run);
      } finally {
        end();
      }
    }
  }

  /** Two things at once would each change what the other has looked at. */
  #inTurn<T>(run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = eitherOf(this.#loaded.model.disposal, signal);
    const turn = this.#turn.then(() => {
      until.throwIfAborted();
      return run(until);
    });
    this.#isTaken = true;
    const over = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#turn === over) this.#isTaken = false;
      });
    this.#turn = over;
    return new Promise((resolve, reject) => {
      const abort = () => reject(until.reason);
      if (until.aborted) abort();
      until.addEventListener("abort", abort);
      turn.then(resolve, reject).finally(() => until.removeEventListener("abort", abort));
    });
  }
}
