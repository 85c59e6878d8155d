import type { Database } from "../store/database.ts";
import { CHOICE, type Choice, saidLast, soundChoice } from "./choice.ts";
import type { Left, LeftRecords } from "./left-records.ts";
import { freshState, type OutboxState, soundState, ticked } from "./outbox-state.ts";
import { bytesOf, type Visit } from "./outbox-visit.ts";
import { takeInLeft } from "./take-in.ts";
import { trim } from "./trim.ts";

/** How much waits at most, and how long. */
export interface OutboxLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/** Where an outbox is, and by which clock. */
interface OutboxPlace {
  readonly database: Database;
  readonly left: LeftRecords;
  readonly limits: OutboxLimits;
  /** Milliseconds since 1970; may jump. */
  readonly now: () => number;
  /** Told where everything was erased by somebody else. */
  readonly onErased: () => void;
}

/** Under which `telemetry` has what the outbox remembers. */
export const STATE = "outbox";

/** Comes to the store of the outbox, one transaction at a time, and knows what it found there last. */
export class OutboxVisits {
  /** How often everything had been erased when the outbox was last looked at. */
  erasures: number | undefined;
  /** What the store remembered then. */
  seen: OutboxState | undefined;
  readonly #place: OutboxPlace;

  constructor(place: OutboxPlace) {
    this.#place = place;
  }

  /** What the user has said, with all that they said as their page went elsewhere. Reads only. */
  async choice(): Promise<Choice | undefined> {
    const { database, left, now } = this.#place;
    const how = { doing: "reading a choice", stores: ["telemetry"], mode: "readonly" } as const;
    // Before what is known of it to the outbox, which may come to know it meanwhile.
    const { said } = await left.read();
    const [known, state] = await database.transact(how, async ({ store }) => [
      soundChoice(await store.get(CHOICE)),
      soundState(await store.get(STATE)) ?? freshState(now()),
    ]);
    this.#notice(state);
    return saidLast(known, said)?.choice;
  }

  /**
   * One transaction. State that is written is the visit's, as it is in the end.
   *
   * @param said what the user may have said since the outbox heard of it last
   */
  async change<T>(
    doing: string,
    run: (visit: Visit) => Promise<T>,
    { said }: Pick<Left, "said"> = { said: undefined },
  ): Promise<T> {
    const how = { doing, stores: ["outbox", "telemetry"], mode: "readwrite" } as const;
    const [value, state] = await this.#place.database.transact(how, async (transaction) => {
      const records = transaction.objectStore("outbox");
      const memory = transaction.objectStore("telemetry");
      const stored = soundState(await memory.get(STATE));
      const known = soundChoice(await memory.get(CHOICE));
      const last = saidLast(known, said);
      if (last !== known) await memory.put(last, CHOICE);
      const now = this.#place.now();
      const state = ticked(stored ?? freshState(now, await bytesOf(records)), now);
      const visit: Visit = { records, memory, state, choice: last?.choice };
      const value = await run(visit);
      await memory.put(visit.state, STATE);
      return [value, visit.state] as const;
    });
    this.#notice(state);
    return value;
  }

  /** As `change`; what pages left comes to the outbox first, in the same transaction. */
  async changeWithLeft<T>(doing: string, run: (visit: Visit) => Promise<T>): Promise<T> {
    const { left: records, limits } = this.#place;
    // Nearly always there is nothing. What cannot be read now is there for the next look.
    const left = await records.read().catch((): Left => ({ batches: [], said: undefined }));
    const last = left.batches.at(-1)?.key;
    if (last === undefined) return this.change(doing, run, left);
    try {
      const takeAndRun = async (visit: Visit): Promise<T> => {
        await takeInLeft(visit, left.batches, limits.maxBytes);
        await trim(visit, limits);
        return run(visit);
      };
      const value = await this.change(doing, takeAndRun, left);
      // Known to be taken in: should it stay, the next look deletes it.
      await records.remove(last).catch(() => undefined);
      return value;
    } catch {
      // Where there is no room for it, what waits goes out all the same, and makes some.
      return await this.change(doing, run, left);
    }
  }

  /** Another tab says that it has erased everything, which makes so many times. */
  hearErased(erasures: number): void {
    // Who has looked meanwhile knows it from the store.
    if (erasures <= (this.erasures ?? 0)) return;
    this.erasures = erasures;
    this.#place.onErased();
  }

  #notice(state: OutboxState): void {
    const { erasures } = state;
    const isNew = this.erasures !== undefined && this.erasures !== erasures;
    this.erasures = erasures;
    this.seen = state;
    if (isNew) this.#place.onErased();
  }
}
