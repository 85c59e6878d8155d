import type { OtlpBatch } from "@selvedge/protocol";
import { commitRequest } from "../store/commit-request.ts";
import type { Database } from "../store/database.ts";
import { readLeftAnswers, removeLeftAnswers } from "../store/left-answers.ts";
import { LeftDatabase } from "../store/left-database.ts";
import type { Answer } from "./answer.ts";
import { CHOICE, type Choice } from "./choice.ts";
import { eraseAll } from "./erase-all.ts";
import { type Leased, type LeasedBatch, type LeaseRequest, leaseBatches } from "./lease-batches.ts";
import { EVERYTHING_LEFT, LeftRecords } from "./left-records.ts";
import { type Drops, type LeftBatch, recordOf } from "./outbox-record.ts";
import { freshState, ticked, withDrops } from "./outbox-state.ts";
import { drop, keep, recount, remove, report, withoutWait, withWait } from "./outbox-visit.ts";
import { type OutboxLimits, OutboxVisits, STATE } from "./outbox-visits.ts";
import { takeIn } from "./take-in.ts";
import { trim } from "./trim.ts";

/**
 * What became of a batch. `dropped`: it was measured before everything was erased, or is too large.
 * `denied`: the user wants no telemetry.
 */
export type Kept = "stored" | "dropped" | "denied";

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
  readonly #visits: OutboxVisits;

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
    this.#visits = new OutboxVisits({ database, left: this.#left, limits, now, onErased });
  }

  /** What the user has said about telemetry. Reads only: a store that is full or damaged can do that. */
  choice(): Promise<Choice | undefined> {
    return this.#visits.choice();
  }

  /**
   * Takes in what pages left, and drops what is too old, or no batch.
   *
   * @returns what the user has said about telemetry
   */
  async look(): Promise<Choice | undefined> {
    return this.#visits.changeWithLeft("looking at telemetry that waits", async (visit) => {
      await recount(visit);
      await trim(visit, this.#limits);
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
    const erasures = this.#visits.erasures;
    return this.#visits.change("keeping telemetry until it is sent", async (visit) => {
      if (visit.choice === "denied") return "denied";
      visit.state = withDrops(visit.state, drops);
      const record = recordOf(batch, visit.state.clock);
      const { maxBytes } = this.#limits;
      const isIn = await takeIn(visit, { record, erasures, maxBytes });
      await trim(visit, this.#limits);
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
    const { clock: leftAt, erasures } = ticked(
      this.#visits.seen ?? freshState(this.#now()),
      this.#now(),
    );
    // Of an erasure that is under way, what is left here is not part.
    const known = this.#visits.erasures ?? erasures;
    await this.#left.add(batches.map((batch): LeftBatch => ({ batch, leftAt, erasures: known })));
  }

  /** Takes what one request may hold, for a while. What pages left is among it. */
  async lease(wanted: LeaseRequest): Promise<Leased> {
    const doing = "taking telemetry to send it";
    return this.#visits.changeWithLeft(doing, (visit) => leaseBatches(visit, wanted));
  }

  /** Writes down what came of sending. */
  async settle(
    batches: readonly LeasedBatch[],
    answer: Answer,
    { owner, endpoint }: LeaseRequest,
  ): Promise<void> {
    await this.#visits.change("keeping account of telemetry", async (visit) => {
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
      await trim(visit, this.#limits);
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
    const known = this.#visits.erasures;
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
            this.#visits.erasures = erasures;
          },
        },
      ),
    );
    const state = await erasing.catch((error: unknown) => {
      // Nothing was erased: what is kept is of the same time as before.
      this.#visits.erasures = known;
      throw error;
    });
    this.#visits.seen = state;
    const last = left.batches.at(-1)?.key;
    if (last !== undefined) await this.#left.remove(last);
    const lastAnswers = answers.at(-1)?.key;
    if (lastAnswers !== undefined) await removeLeftAnswers(this.#leftDatabase, lastAnswers);
    return state.erasures;
  }

  /** Another tab says that it has erased everything, which makes so many times. */
  hearErased(erasures: number): void {
    this.#visits.hearErased(erasures);
  }

  /** Gives back what it has opened for what pages leave. */
  close(): Promise<void> {
    return this.#leftDatabase.close();
  }
}
