import type { OtlpBatch } from "@selvedge/protocol";
import { commitRequest } from "../store/commit-request.ts";
import type { Database } from "../store/database.ts";
import { readLeftAnswers, removeLeftAnswers } from "../store/left-answers.ts";
import { LeftDatabase } from "../store/left-database.ts";
import type { Answer } from "./answer.ts";
import { CHOICE, type Choice, saidLast, soundChoice } from "./choice.ts";
import { eraseAll } from "./erase-all.ts";
import {
  isLeased,
  type Leased,
  type LeasedBatch,
  type LeaseRequest,
  leaseBatches,
} from "./lease-batches.ts";
import { EVERYTHING_LEFT, type Left, LeftRecords } from "./left-records.ts";
import { type Drops, type LeftBatch, recordOf } from "./outbox-record.ts";
import { freshState, type OutboxState, soundState, ticked, withDrops } from "./outbox-state.ts";
import {
  bytesOf,
  drop,
  keep,
  recount,
  remove,
  report,
  type Visit,
  withoutWait,
  withWait,
} from "./outbox-visit.ts";
import { takeIn, takeInLeft } from "./take-in.ts";

/** How much waits at most, and how long. */
export interface OutboxLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/**
 * What became of a batch. `dropped`: it was measured before everything was erased, or is too large.
 * `denied`: the user wants no telemetry.
 */
export type Kept = "stored" | "dropped" | "denied";

const EVERYTHING = { stores: ["outbox", "telemetry"], mode: "readwrite" } as const;
const STATE = "outbox";

/**
 * Telemetry that no collector has acknowledged, in the order it was made. It survives the page, and is
 * shared by all tabs: each step is one transaction that looks at what it finds. Who sends leases first;
 * what is leased by one who has died is leased again by another.
 *
 * What is dropped is counted in the same transaction, and reported by a batch of its own.
 */
export class Outbox {
  readonly #database: Database;
  readonly #leftDatabase = new LeftDatabase();
  readonly #left = new LeftRecords(this.#leftDatabase);
  readonly #limits: OutboxLimits;
  readonly #now: () => number;
  readonly #onErased: () => void;
  /** How often everything had been erased when this outbox was last looked at. */
  #erasures: number | undefined;
  /** What the store remembered then. */
  #seen: OutboxState | undefined;

  /**
   * @param now milliseconds since 1970; may jump
   * @param onErased told where everything was erased by somebody else: another tab, as a rule
   */
  constructor(
    database: Database,
    limits: OutboxLimits,
    now: () => number = () => Date.now(),
    onErased: () => void = () => undefined,
  ) {
    this.#database = database;
    this.#limits = limits;
    this.#now = now;
    this.#onErased = onErased;
  }

  /** What the user has said about telemetry. Reads only: a store that is full or damaged can do that. */
  async choice(): Promise<Choice | undefined> {
    const how = { doing: "reading a choice", stores: ["telemetry"], mode: "readonly" } as const;
    // Before what is known of it to the outbox, which may come to know it meanwhile.
    const { said } = await this.#left.read();
    const [known, state] = await this.#database.transact(how, async ({ store }) => [
      soundChoice(await store.get(CHOICE)),
      soundState(await store.get(STATE)) ?? freshState(this.#now()),
    ]);
    this.#notice(state);
    return saidLast(known, said)?.choice;
  }

  /**
   * Takes in what pages left, and drops what is too old, or no batch.
   *
   * @returns what the user has said about telemetry
   */
  async look(): Promise<Choice | undefined> {
    return this.#changeWithLeft("looking at telemetry that waits", async (visit) => {
      await recount(visit);
      await this.#trim(visit);
      return visit.choice;
    });
  }

  /**
   * Takes a batch. Resolves when it is in the store.
   *
   * @param drops what was given up elsewhere meanwhile
   */
  async add(batch: OtlpBatch, drops: Drops = {}): Promise<Kept> {
    // Of an erasure that is heard of while this waits for its turn, it was measured before.
    const erasures = this.#erasures;
    return this.#change("keeping telemetry until it is sent", async (visit) => {
      if (visit.choice === "denied") return "denied";
      visit.state = withDrops(visit.state, drops);
      const record = recordOf(batch, visit.state.clock);
      const { maxBytes } = this.#limits;
      const isIn = await takeIn(visit, { record, erasures, maxBytes });
      await this.#trim(visit);
      await report(visit, batch);
      return isIn ? "stored" : "dropped";
    });
  }

  /**
   * Takes batches of a page that goes away, or is frozen: in one write beside the outbox, as nothing that
   * is read comes back to such a page, and what is queued behind others goes with it. Whoever looks or
   * leases next takes them in.
   */
  async leave(batches: readonly OtlpBatch[]): Promise<void> {
    const { clock: leftAt, erasures } = ticked(this.#seen ?? freshState(this.#now()), this.#now());
    // Of an erasure that is under way, what is left here is not part.
    const known = this.#erasures ?? erasures;
    await this.#left.add(batches.map((batch): LeftBatch => ({ batch, leftAt, erasures: known })));
  }

  /** Takes what one request may hold, for a while. What pages left is among it. */
  async lease(wanted: LeaseRequest): Promise<Leased> {
    const doing = "taking telemetry to send it";
    return this.#changeWithLeft(doing, (visit) => leaseBatches(visit, wanted));
  }

  /** Writes down what came of sending. */
  async settle(
    batches: readonly LeasedBatch[],
    answer: Answer,
    { owner, endpoint }: LeaseRequest,
  ): Promise<void> {
    await this.#change("keeping account of telemetry", async (visit) => {
      for (const { key } of batches) {
        const record = await visit.records.get(key);
        if (record === undefined) continue;
        if (answer.kind === "taken") await remove(visit, key, record);
        else if (answer.kind === "refused" && batches.length === 1)
          await drop(visit, { key, record, reason: `refused-${answer.status}` });
        else if (record.lease?.owner === owner)
          await keep(visit, { key, record, answer, isOne: batches.length === 1 });
      }
      if (answer.kind === "later") visit.state = withWait(visit.state, answer, endpoint);
      else visit.state = withoutWait(visit.state);
      if (answer.kind === "taken")
        visit.state = withDrops(visit.state, { rejected: answer.rejected });
      await this.#trim(visit);
    });
  }

  /**
   * Remembers what the user said: in one write beside the outbox, as whoever answers a question often goes
   * on at once. When it resolves no tab stores or leases anything that they do not want.
   */
  async choose(choice: Choice): Promise<void> {
    const key = await this.#left.choose(choice);
    const doing = "having the outbox know a choice";
    const how = { doing, stores: ["telemetry"], mode: "readwrite" } as const;
    const knowing = this.#database.transact(how, async (transaction) => {
      await commitRequest(transaction, transaction.store.put({ choice, key }, CHOICE));
    });
    // It is remembered, and known with the next look; of a store that has no room for it, nothing is stored.
    await knowing.catch(() => undefined);
  }

  /**
   * Deletes what waits, and all that was kept of this device and its predictions; not what the user has
   * said about telemetry, and not how long the collector asked to wait.
   *
   * @returns how often everything was erased, with this time
   */
  async erase(): Promise<number> {
    const doing = "erasing telemetry";
    const stores = ["outbox", "telemetry", "predictions"] as const;
    const known = this.#erasures;
    const left = await this.#left.read(EVERYTHING_LEFT);
    const answers = await readLeftAnswers(this.#leftDatabase);
    const how = { doing, stores, mode: "readwrite" } as const;
    const erasing = this.#database.transact(how, (transaction) =>
      eraseAll(
        {
          outbox: transaction.objectStore("outbox"),
          predictions: transaction.objectStore("predictions"),
          memory: transaction.objectStore("telemetry"),
        },
        {
          now: this.#now(),
          left: left.batches,
          answers,
          key: STATE,
          onBegin: (erasures) => {
            // Known before it is done: what is added from here on was measured after.
            this.#erasures = erasures;
          },
        },
      ),
    );
    this.#seen = await erasing.catch((error: unknown) => {
      // Nothing was erased: what is kept is of the same time as before.
      this.#erasures = known;
      throw error;
    });
    const last = left.batches.at(-1)?.key;
    if (last !== undefined) await this.#left.remove(last);
    const lastAnswers = answers.at(-1)?.key;
    if (lastAnswers !== undefined) await removeLeftAnswers(this.#leftDatabase, lastAnswers);
    return this.#seen.erasures;
  }

  /** Another tab says that it has erased everything, which makes so many times. */
  hearErased(erasures: number): void {
    // Who has looked meanwhile knows it from the store.
    if (erasures <= (this.#erasures ?? 0)) return;
    this.#erasures = erasures;
    this.#onErased();
  }

  /** Gives back what it has opened for what pages leave. */
  close(): Promise<void> {
    return this.#leftDatabase.close();
  }

  /** As `#change`; what pages left comes to the outbox first, in the same transaction. */
  async #changeWithLeft<T>(doing: string, run: (visit: Visit) => Promise<T>): Promise<T> {
    // Nearly always there is nothing. What cannot be read now is there for the next look.
    const left = await this.#left.read().catch((): Left => ({ batches: [], said: undefined }));
    const last = left.batches.at(-1)?.key;
    if (last === undefined) return this.#change(doing, run, left);
    try {
      const takeAndRun = async (visit: Visit): Promise<T> => {
        await takeInLeft(visit, left.batches, this.#limits.maxBytes);
        await this.#trim(visit);
        return run(visit);
      };
      const value = await this.#change(doing, takeAndRun, left);
      // Known to be taken in: should it stay, the next look deletes it.
      await this.#left.remove(last).catch(() => undefined);
      return value;
    } catch {
      // Where there is no room for it, what waits goes out all the same, and makes some.
      return await this.#change(doing, run, left);
    }
  }

  /**
   * One transaction. State that is written is the visit's, as it is in the end.
   *
   * @param said what the user may have said since the outbox heard of it last
   */
  async #change<T>(
    doing: string,
    run: (visit: Visit) => Promise<T>,
    { said }: Pick<Left, "said"> = { said: undefined },
  ): Promise<T> {
    const [value, state] = await this.#database.transact(
      { doing, ...EVERYTHING },
      async (transaction) => {
        const records = transaction.objectStore("outbox");
        const memory = transaction.objectStore("telemetry");
        const stored = soundState(await memory.get(STATE));
        const known = soundChoice(await memory.get(CHOICE));
        const last = saidLast(known, said);
        if (last !== known) await memory.put(last, CHOICE);
        const now = this.#now();
        const state = ticked(stored ?? freshState(now, await bytesOf(records)), now);
        const visit: Visit = { records, memory, state, choice: last?.choice };
        const value = await run(visit);
        await memory.put(visit.state, STATE);
        return [value, visit.state] as const;
      },
    );
    this.#notice(state);
    return value;
  }

  #notice(state: OutboxState): void {
    const { erasures } = state;
    const isNew = this.#erasures !== undefined && this.#erasures !== erasures;
    this.#erasures = erasures;
    this.#seen = state;
    if (isNew) this.#onErased();
  }

  /** Drops the oldest while they are too old, or too much waits. What is being sent is let be. */
  async #trim(visit: Visit): Promise<void> {
    const { maxAgeMs, maxBytes } = this.#limits;
    for (let at = await visit.records.openCursor(); at; at = await at.continue()) {
      const { clock, bytes } = visit.state;
      const { key, value: record } = at;
      if (isLeased(record.lease, clock)) continue;
      const isOld = clock - record.addedAt > maxAgeMs;
      if (!isOld && bytes <= maxBytes) return;
      await drop(visit, { key, record, reason: isOld ? "too-old" : "too-many-bytes" });
    }
  }
}
