import type { OtlpBatch } from "@selvedge/protocol";
import { Database } from "../store/database.ts";
import { findLocks } from "../tabs/find-locks.ts";
import type { Choice } from "./choice.ts";
import { type DeliveryHooks, DirectDelivery } from "./direct-delivery.ts";
import { Outbox } from "./outbox.ts";
import { batchIdOf, type Drops } from "./outbox-record.ts";
import type { OutboxLimits } from "./outbox-visits.ts";
import type { Collector } from "./post.ts";
import { choiceIn } from "./read-choice.ts";
import { Sender } from "./sender.ts";
import { type News, TabNews, tellTabs } from "./tab-news.ts";

/** What a courier needs to know. */
export interface CourierSettings extends Collector, OutboxLimits {}

/** Who is told what becomes of batches, acknowledged, given to the browser to send, or given up. */
export interface CourierHooks extends DeliveryHooks {
  /** The user wants no telemetry, as they said in another tab. */
  readonly onDenied: () => void;
  /** Whether this page still wants anything sent. */
  readonly isWanted?: (() => boolean) | undefined;
  /** Everything was erased, by another tab. */
  readonly onErased?: (() => void) | undefined;
}

/**
 * Carries batches from a page, or a worker, to a collector: into the outbox, and on from there. A chunk
 * of its own, which only those load that have telemetry.
 */
export class Courier {
  readonly #hooks: CourierHooks;
  readonly #database = new Database();
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  readonly #ended = new AbortController();
  readonly #direct: DirectDelivery;
  readonly #news: TabNews = new TabNews(
    (news) => this.#hear(news),
    () => void this.#catchUp().catch(() => undefined),
  );
  readonly #online = () => void this.flush();

  constructor(settings: CourierSettings, hooks: CourierHooks) {
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
    this.#direct = new DirectDelivery(settings, hooks, this.#ended.signal);
    addEventListener("online", this.#online);
  }

  /** Whether the collector has asked to be left alone for now. */
  get isTold(): boolean {
    return this.#sender.isTold || this.#direct.isTold;
  }

  /** What the user has said about telemetry, as `choiceIn` tells it. Drops what is too old. */
  async choice(): Promise<Choice | undefined> {
    const choice = await choiceIn(this.#outbox);
    // A store that takes nothing any more can be read all the same.
    await this.#outbox.look().catch(() => undefined);
    return choice;
  }

  /** Remembers for the whole origin what the user said; where no other choice is under way, at once. */
  choose(choice: Choice): Promise<void> {
    if (choice === "denied") this.#news.tell({ kind: "denied" });
    return afterOthers(() => this.#outbox.choose(choice));
  }

  async erase(): Promise<void> {
    const drops = this.#direct.takeDrops();
    try {
      const erasures = await this.#outbox.erase();
      this.#news.tell({ kind: "erased", erasures });
    } catch (error) {
      this.dropped(drops);
      throw error;
    }
  }

  /** Counts what was given up before it came here. */
  dropped(drops: Drops): void {
    this.#direct.dropped(drops);
  }

  /**
   * Takes a batch over: resolves when it is in the store, and sent in its time. Where the user has
   * turned telemetry off, it is thrown away.
   *
   * @throws SelvedgeError where the store takes nothing
   */
  async add(batch: OtlpBatch): Promise<void> {
    const drops = this.#direct.takeDrops();
    try {
      const kept = await this.#outbox.add(batch, drops);
      if (kept === "denied") return this.#hooks.onDenied();
      // The page is not to send it either, on its way out.
      if (kept === "dropped") this.#hooks.onDone([batchIdOf(batch)]);
    } catch (error) {
      this.dropped(drops);
      throw error;
    }
    this.#sender.wake();
  }

  /** Takes batches of a page that goes away, or is frozen: all or none. @throws SelvedgeError as `add` */
  leaveBehind(batches: readonly OtlpBatch[]): Promise<void> {
    return this.#outbox.leave(batches);
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

  /**
   * Sends batches that the store does not take: one request, and not too often.
   *
   * @param waiting those that there are, whenever it is asked
   * @param isUrgent sends all of them, past the usual pace
   */
  deliver(waiting: () => readonly OtlpBatch[], isUrgent = false): Promise<void> {
    return this.#direct.deliver(waiting, isUrgent);
  }

  /** The page goes away: hands these to the browser, which sends them whatever becomes of the page. */
  sendLast(batches: readonly OtlpBatch[]): void {
    if (!this.isTold) this.#direct.sendLast(batches);
  }

  /** Sends nothing more. What waits is sent by whoever comes next. */
  end(): void {
    removeEventListener("online", this.#online);
    this.#ended.abort();
    this.#sender.end();
    this.#news.end();
    void this.#outbox.close();
    void this.#database.close();
  }

  #hear(news: News): void {
    if (news.kind === "denied") this.#hooks.onDenied();
    else this.#outbox.hearErased(news.erasures);
  }

  /** The outbox tells by itself what was erased. */
  async #catchUp(): Promise<void> {
    if ((await this.#outbox.choice()) === "denied") this.#hooks.onDenied();
  }
}

/** Deletes whatever telemetry keeps on this device, for a page that has no courier. */
export async function eraseStored(): Promise<void> {
  const erasures = await withOutbox((outbox) => outbox.erase());
  tellTabs({ kind: "erased", erasures });
}

/**
 * Remembers for the whole origin what the user said, for a page that has no courier; one after the other.
 *
 * @throws SelvedgeError `storage-unavailable`, `storage-full`
 */
export function chooseStored(choice: Choice): Promise<void> {
  if (choice === "denied") tellTabs({ kind: "denied" });
  return afterOthers(() => withOutbox((outbox) => outbox.choose(choice)));
}

/** What is being written down of what the user said. */
let choosing: Promise<void> | undefined;

/** The last choice has to come last. The first waits for nothing: its page may be going away. */
function afterOthers(write: () => Promise<void>): Promise<void> {
  const chosen = choosing === undefined ? write() : choosing.then(write, write);
  choosing = chosen;
  const over = () => {
    if (choosing === chosen) choosing = undefined;
  };
  chosen.then(over, over);
  return chosen;
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
  const outbox = new Outbox(database, { maxBytes: 0, maxAgeMs: 0 });
  try {
    return await use(outbox);
  } finally {
    await outbox.close();
    await database.close();
  }
}
