import type { OtlpBatch } from "@selvedge/protocol";
import { Database } from "../store/database.ts";
import { findLocks } from "../tabs/find-locks.ts";
import { dropReport } from "./drop-report.ts";
import { Outbox, type OutboxLimits } from "./outbox.ts";
import { batchIdOf, type Drops, merged, namesContributor, resourceOf } from "./outbox-record.ts";
import type { Choice } from "./outbox-visit.ts";
import { type Collector, post, postLast } from "./post.ts";
import { choiceIn } from "./read-choice.ts";
import { Sender } from "./sender.ts";

/** Where the store is refused, one request in this while. */
const PACE_MS = 10_000;

const SIGNALS = ["metrics", "logs", "traces"] as const;

/** What a courier needs to know. */
export interface CourierSettings extends Collector, OutboxLimits {}

/** Who is told what becomes of batches. Ids are those of batches. */
export interface CourierHooks {
  /** Told of each request that was acknowledged. */
  readonly onSend?: ((request: OtlpBatch) => void) | undefined;
  /** These need nobody's care any more: they were acknowledged, or are the browser's to send. */
  readonly onDone: (ids: readonly string[]) => void;
  /** The user wants no telemetry, as another tab was told. */
  readonly onDenied: () => void;
  /** Whether this page still wants anything sent. */
  readonly isWanted?: (() => boolean) | undefined;
  /** Everything was erased, as another tab was told. */
  readonly onErased?: (() => void) | undefined;
}

/**
 * Carries batches from a page, or a worker, to a collector: into the outbox, and on from there. A chunk
 * of its own, which only those load that have telemetry.
 */
export class Courier {
  readonly #collector: CourierSettings;
  readonly #hooks: CourierHooks;
  readonly #database = new Database();
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #ended = new AbortController();
  /** What was given up while the store could not count it. */
  #drops: Drops = {};
  #directAt = Number.NEGATIVE_INFINITY;
  readonly #online = () => void this.flush();

  constructor(settings: CourierSettings, hooks: CourierHooks) {
    this.#collector = settings;
    this.#hooks = hooks;
    this.#outbox = new Outbox(this.#database, settings, undefined, hooks.onErased);
    this.#sender = new Sender(this.#outbox, findLocks(this.#database), {
      ...settings,
      onTaken: (request, batches) => {
        hooks.onDone(batches.map(batchIdOf));
        hooks.onSend?.(request);
      },
      onLeft: (batches) => hooks.onDone(batches.map(batchIdOf)),
      onDenied: hooks.onDenied,
      isWanted: hooks.isWanted,
    });
    addEventListener("online", this.#online);
  }

  /** Whether the collector has asked to be left alone for now. */
  get isTold(): boolean {
    return this.#sender.isTold;
  }

  /** What the user has said about telemetry, as `choiceIn` tells it. Drops what is too old. */
  async choice(): Promise<Choice | undefined> {
    const choice = await choiceIn(this.#outbox);
    // A store that takes nothing any more can be read all the same.
    await this.#outbox.look().catch(() => undefined);
    return choice;
  }

  async erase(): Promise<void> {
    this.#drops = {};
    await this.#outbox.erase();
  }

  /** Counts what was given up before it came here. */
  dropped(drops: Drops): void {
    const all = { ...this.#drops };
    for (const [reason, items] of Object.entries(drops)) all[reason] = (all[reason] ?? 0) + items;
    this.#drops = all;
  }

  /**
   * Takes a batch over: resolves when it is in the store, and sent in its time. Where the user has
   * turned telemetry off, it is thrown away.
   *
   * @param isLast the page goes away: sending is not begun, as it would be cut off
   * @throws SelvedgeError where the store takes nothing
   */
  async add(batch: OtlpBatch, isLast = false): Promise<void> {
    const drops = this.#drops;
    this.#drops = {};
    try {
      const kept = await this.#outbox.add(batch, drops);
      if (kept === "denied") return this.#hooks.onDenied();
      // The page is not to send it either, on its way out.
      if (kept === "dropped") this.#hooks.onDone([batchIdOf(batch)]);
    } catch (error) {
      this.dropped(drops);
      throw error;
    }
    if (!isLast) this.#sender.wake();
  }

  /** Sends what there is to send, past the usual pace. */
  flush(): Promise<void> {
    return this.#sender.flush();
  }

  /** Starts sending, at the usual pace. */
  wake(): void {
    this.#sender.wake();
  }

  /** The page is hidden: sends what the browser takes of it. */
  async leave(): Promise<void> {
    await this.#sender.leave();
    this.#sender.wake();
  }

  /** Sends batches that the store does not take: one request, of one signal, and not too often. */
  async deliver(batches: readonly OtlpBatch[], isUrgent = false): Promise<void> {
    const [first] = batches;
    const now = performance.now();
    if (first === undefined || (now - this.#directAt < PACE_MS && !isUrgent)) return;
    this.#directAt = now;
    const isAlone = (batch: OtlpBatch) => namesContributor(JSON.stringify(batch.body));
    const alike = isAlone(first)
      ? []
      : batches.slice(1).filter((batch) => batch.signal === first.signal && !isAlone(batch));
    const drops = this.#drops;
    this.#drops = {};
    const told =
      first.signal === "metrics" && Object.keys(drops).length > 0
        ? [dropReport(drops, { resource: resourceOf(first) })]
        : [];
    const request = merged([first, ...alike, ...told]);
    const answer = await post(this.#collector, request, this.#ended.signal);
    if (answer.kind === "later") return this.dropped(drops);
    this.#hooks.onDone([first, ...alike].map(batchIdOf));
    if (answer.kind === "taken") this.#hooks.onSend?.(request);
  }

  /** The page goes away: hands these to the browser, which sends them whatever becomes of the page. */
  sendLast(batches: readonly OtlpBatch[]): void {
    if (this.isTold) return;
    const isAlone = (batch: OtlpBatch) => namesContributor(JSON.stringify(batch.body));
    const alone = batches.filter(isAlone).map((batch) => [batch]);
    const together = SIGNALS.map((signal) =>
      batches.filter((batch) => batch.signal === signal && !isAlone(batch)),
    );
    for (const [first, ...others] of [...together, ...alone]) {
      if (first === undefined) continue;
      const ids = [first, ...others].map(batchIdOf);
      void postLast(this.#collector, merged([first, ...others])).then(
        ({ kind }) => kind === "taken" && this.#hooks.onDone(ids),
      );
    }
  }

  /** Sends nothing more. What waits is sent by whoever comes next. */
  end(): void {
    removeEventListener("online", this.#online);
    this.#ended.abort();
    this.#sender.end();
    void this.#database.close();
  }
}

/** Deletes whatever telemetry keeps on this device, for a page that has no courier. */
export function eraseStored(): Promise<void> {
  return withOutbox((outbox) => outbox.erase());
}

/** What is being written down of what the user said: the last has to come last. */
let choosing: Promise<void> = Promise.resolve();

/**
 * Remembers for the whole origin what the user said, whether this page has telemetry or not; one after
 * the other.
 *
 * @throws SelvedgeError `storage-unavailable`, `storage-full`
 */
export function chooseStored(choice: Choice): Promise<void> {
  const write = () => withOutbox((outbox) => outbox.choose(choice));
  choosing = choosing.then(write, write);
  return choosing;
}

let reading: Promise<Choice | undefined> | undefined;

/** What the user has said, for a page that has no telemetry itself. Many may ask at once. */
export function storedChoice(): Promise<Choice | undefined> {
  reading ??= withOutbox(choiceIn).finally(() => {
    reading = undefined;
  });
  return reading;
}

async function withOutbox<T>(use: (outbox: Outbox) => Promise<T>): Promise<T> {
  const database = new Database();
  try {
    return await use(new Outbox(database, { maxBytes: 0, maxAgeMs: 0 }));
  } finally {
    await database.close();
  }
}
