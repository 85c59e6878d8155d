import type { OtlpBatch } from "@selvedge/protocol";
import { randomName } from "../tabs/random-name.ts";
import type { TabLocks } from "../tabs/tab-locks.ts";
import type { Leased, LeaseRequest } from "./lease-batches.ts";
import type { Outbox } from "./outbox.ts";
import { merged } from "./outbox-record.ts";
import { type Collector, post, postLast } from "./post.ts";

/** The one who has the turn may be frozen: past this, the turn is taken from them. */
const OVERTAKE_MS = 60_000;

/** How often a tab that has nothing to send looks whether another has left something. */
const LOOK_MS = 60_000;

/** No timer comes more often, whatever clocks say. */
const SHORTEST_MS = 100;

/** What browsers let a page send while it goes away is 64 KB in all. */
const KEEPALIVE_BYTES = 60 * 1024;

/** Where batches go, and who is told of it. */
export interface SendTarget extends Collector {
  /** Told of each request that was acknowledged, and of the batches in it. */
  readonly onTaken?: ((request: OtlpBatch, batches: readonly OtlpBatch[]) => void) | undefined;
  /** Told of batches that were given to the browser to send, whatever becomes of the page. */
  readonly onLeft?: ((batches: readonly OtlpBatch[]) => void) | undefined;
  /** Told that the user wants no telemetry, where another tab was told so. */
  readonly onDenied?: (() => void) | undefined;
  /** Whether this page still wants anything sent: it knows before the store does. */
  readonly isWanted?: (() => boolean) | undefined;
}

/**
 * Empties the outbox towards a collector: oldest first, one request at a time and one in ten seconds,
 * of all tabs together. A batch leaves the outbox after it was acknowledged; it has an id, so that one
 * which is sent twice counts once.
 */
export class Sender {
  readonly #outbox: Outbox;
  readonly #locks: TabLocks;
  readonly #target: SendTarget;
  readonly #owner: string = randomName();
  readonly #ended = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the timer is there to look only, and not because there is something to send. */
  #isIdle = true;
  #turn: Promise<void> = Promise.resolve();
  #isTold = false;

  constructor(outbox: Outbox, locks: TabLocks, target: SendTarget) {
    this.#outbox = outbox;
    this.#locks = locks;
    this.#target = target;
  }

  /** Whether the collector has asked to be left alone for now. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Sends when its time has come. */
  wake(): void {
    if (this.#isIdle) void this.#take(false);
  }

  /**
   * Sends now, also where it waits for the network; not while the collector has asked it to wait.
   * Resolves when the outbox is empty, or sending has to wait.
   */
  flush(): Promise<void> {
    return this.#take(true);
  }

  /** The page is hidden and may never be seen again: sends what the browser takes of it now. */
  async leave(): Promise<void> {
    const request: LeaseRequest = { ...this.#request, isUrgent: true };
    for (let room = KEEPALIVE_BYTES; room > 0 && this.#isWanted; ) {
      const leased = await this.#outbox.lease({ ...request, mostBytes: room });
      if (leased.kind === "denied") this.#target.onDenied?.();
      // What was leased is free again by itself.
      if (leased.kind !== "batches" || !this.#isWanted) return;
      const batches = leased.batches.map(({ batch }) => batch);
      for (const { bytes } of leased.batches) room -= bytes;
      // What is left out of JSON between batches is less than what merging adds.
      const all = mergedOf(leased);
      void postLast(this.#target, all)
        .then(async (answer) => {
          await this.#outbox.settle(leased.batches, answer, request);
          if (answer.kind === "taken") this.#target.onTaken?.(all, batches);
        })
        .catch(noop);
      this.#target.onLeft?.(batches);
    }
  }

  /** Sends nothing more. What is under way is sent again by whoever comes next. */
  end(): void {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  get #request(): LeaseRequest {
    return { owner: this.#owner, endpoint: this.#target.endpoint };
  }

  get #isWanted(): boolean {
    return this.#target.isWanted?.() !== false;
  }

  #take(isUrgent: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#isIdle = false;
    const turn = this.#turn.then(() => this.#drain(isUrgent));
    this.#turn = turn;
    return turn;
  }

  async #drain(isUrgent: boolean): Promise<void> {
    const { signal } = this.#ended;
    const overtaking = new AbortController();
    const timer = setTimeout(() => overtaking.abort(), OVERTAKE_MS);
    try {
      const how = { signal, overtake: overtaking.signal };
      this.#rest(await this.#locks.run("send", () => this.#empty(isUrgent), how));
    } catch {
      // The store is away, or this is over. What waits in the outbox stays there.
      this.#rest({ kind: "nothing" });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends until there is nothing more to send, or not yet. */
  async #empty(isUrgent: boolean): Promise<Exclude<Leased, { kind: "batches" }>> {
    let request: LeaseRequest = { ...this.#request, isUrgent };
    for (;;) {
      // What it does not send it does not keep from other tabs either.
      if (!this.#isWanted) return { kind: "nothing" };
      const leased = await this.#outbox.lease(request);
      if (leased.kind !== "batches") return leased;
      // What was leased is free again by itself, should it be wanted after all.
      if (!this.#isWanted) return { kind: "nothing" };
      const all = mergedOf(leased);
      const answer = await post(this.#target, all, this.#ended.signal);
      await this.#outbox.settle(leased.batches, answer, request);
      const batches = leased.batches.map(({ batch }) => batch);
      if (answer.kind === "taken") this.#target.onTaken?.(all, batches);
      if (answer.kind === "later") request = { ...request, isUrgent: false };
    }
  }

  #rest(leased: Exclude<Leased, { kind: "batches" }>): void {
    clearTimeout(this.#timer);
    this.#isTold = leased.kind === "wait" && leased.isTold;
    this.#isIdle = leased.kind !== "wait";
    if (leased.kind === "denied") this.#target.onDenied?.();
    if (leased.kind === "denied" || this.#ended.signal.aborted) return;
    const waitMs = leased.kind === "wait" ? Math.max(leased.ms, SHORTEST_MS) : LOOK_MS;
    this.#timer = setTimeout(() => void this.#take(false), waitMs);
  }
}

function mergedOf({ batches: [first, ...others] }: Leased & { kind: "batches" }): OtlpBatch {
  return merged([first.batch, ...others.map(({ batch }) => batch)]);
}

function noop(): void {}
