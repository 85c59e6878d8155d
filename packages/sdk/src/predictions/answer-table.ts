import type { AnswerSummary, Database } from "../store/database.ts";
import {
  leaveAnswers,
  noteTakenIn,
  readLeftAnswers,
  removeLeftAnswers,
} from "../store/left-answers.ts";
import { type LeftAnswers, LeftDatabase } from "../store/left-database.ts";
import { CHOICE, soundChoice } from "../telemetry/choice.ts";

/** A record holds about so many answers: fewer would be many records, more would be a large one. */
const IN_A_RECORD = 64;

/** Among what telemetry remembers: `answers <milliseconds> <how many> <random>`, so that keys tell all. */
const FIRST = "answers ";
const LAST = "answers!";

/** What is used of the store that answers are kept in. */
interface Answers {
  get(key: string): Promise<unknown>;
  getAllKeys(range: IDBKeyRange): Promise<string[]>;
  put(value: unknown, key: string): Promise<unknown>;
  delete(key: string): Promise<void>;
}

/** The latest answers of this device, for their truths to be joined to; also after a reload. */
export class AnswerTable {
  readonly #database: Database;
  readonly #left = new LeftDatabase();
  readonly #keep: number;

  /** @param keep how many answers, give or take a record's worth */
  constructor(database: Database, keep: number) {
    this.#database = database;
    this.#keep = keep;
  }

  /** Adds answers, oldest first; the oldest of all that are too many go. */
  async add(answers: readonly AnswerSummary[]): Promise<void> {
    const how = { doing: "remembering answers", stores: ["telemetry"], mode: "readwrite" } as const;
    await this.#withLeft((left) =>
      this.#database.transact(how, async ({ store }) => {
        await takeIn(store, left);
        const latest = (await store.getAllKeys(all())).at(-1);
        let added = [...answers];
        if (latest !== undefined && countOf(latest) + added.length <= IN_A_RECORD) {
          added = [...answersIn(await store.get(latest)), ...added];
          await store.delete(latest);
        }
        await store.put(added, keyOf(added.length));
        await this.#trim(store);
      }),
    );
  }

  /**
   * Adds answers of a page that may be going away: in one write beside the table, as nothing that is read
   * comes back to such a page, and what is queued behind others goes with it. Whoever comes to the table
   * next takes them in.
   */
  leave(answers: readonly AnswerSummary[]): Promise<void> {
    return leaveAnswers(this.#left, answers);
  }

  /** Takes in what pages left. What a page leaves with is open from here on. */
  async look(): Promise<void> {
    const doing = "taking in answers that pages left";
    const how = { doing, stores: ["telemetry"], mode: "readwrite" } as const;
    await this.#withLeft(async (left) => {
      if (left.length === 0) return;
      await this.#database.transact(how, async ({ store }) => {
        await takeIn(store, left);
        await this.#trim(store);
      });
    });
  }

  /**
   * Finds an answer and marks that its truth has come; one transaction, so that of two tabs one does.
   *
   * @param check throws where the truth is not to be had; then nothing is marked
   * @returns the answer as it was before; `undefined` where it is not there
   */
  async mark(
    id: string,
    check: (answer: AnswerSummary) => void,
  ): Promise<AnswerSummary | undefined> {
    const doing = "joining a truth to its prediction";
    const stores = ["telemetry", "predictions"] as const;
    const how = { doing, stores, mode: "readwrite" } as const;
    return this.#withLeft((left) =>
      this.#database.transact(how, async (transaction) => {
        const telemetry = transaction.objectStore("telemetry");
        const predictions = transaction.objectStore("predictions");
        await takeIn(telemetry, left);
        const inRing = await predictions.get(id);
        let found = inRing?.answer;
        let cursor = await telemetry.openCursor(all(), "prev");
        for (; cursor; cursor = await cursor.continue()) {
          const answers = answersIn(cursor.value);
          const answer = answers.find((one) => one.id === id);
          if (answer === undefined) continue;
          found = { ...answer, isJudged: (answer.isJudged ?? false) || (found?.isJudged ?? false) };
          check(found);
          const marked = answers.map((one) => (one.id === id ? { ...one, isJudged: true } : one));
          await cursor.update(marked);
          break;
        }
        if (found === undefined) return undefined;
        check(found);
        // The record outlives the table, which forgets sooner.
        if (inRing?.answer !== undefined)
          await predictions.put({ ...inRing, answer: { ...inRing.answer, isJudged: true } });
        return found;
      }),
    );
  }

  /** Gives back what it has opened for what pages leave. */
  close(): Promise<void> {
    return this.#left.close();
  }

  /** Hands over what pages left, nearly always nothing, and deletes it there once it was taken in. */
  async #withLeft<T>(run: (left: readonly LeftAnswers[]) => Promise<T>): Promise<T> {
    // What cannot be read now is there for the next time.
    const left = await readLeftAnswers(this.#left).catch((): LeftAnswers[] => []);
    const value = await run(left);
    const last = left.at(-1)?.key;
    // Known to be taken in: should it stay, it is deleted with what is taken in next.
    if (last !== undefined) await removeLeftAnswers(this.#left, last).catch(() => undefined);
    return value;
  }

  async #trim(store: Answers): Promise<void> {
    let newer = 0;
    for (const key of (await store.getAllKeys(all())).reverse()) {
      if (newer >= this.#keep) await store.delete(key);
      newer += countOf(key);
    }
  }
}

/**
 * Takes in what pages left, oldest first: of several that were left in one millisecond, each counts as a
 * millisecond newer than the one before. Of one who has turned telemetry off meanwhile, nothing is kept.
 */
async function takeIn(store: Answers, left: readonly LeftAnswers[]): Promise<void> {
  if (left.length === 0) return;
  const untaken = await noteTakenIn(store, left);
  if (soundChoice(await store.get(CHOICE))?.choice === "denied") return;
  let at = -1;
  for (const one of untaken) {
    const answers = answersIn(one.answers);
    const leftAt = Number.isFinite(one.leftAt) ? Math.min(one.leftAt, Date.now()) : 0;
    at = Math.max(leftAt, at + 1);
    if (answers.length > 0) await store.put(answers, keyOf(answers.length, at));
  }
}

/** The keys of all answers. */
function all(): IDBKeyRange {
  return IDBKeyRange.bound(FIRST, LAST);
}

function keyOf(count: number, now: number = Date.now()): string {
  const at = String(now).padStart(15, "0");
  return `${FIRST}${at} ${count} ${Math.random().toString(36).slice(2)}`;
}

function countOf(key: string): number {
  return Number(key.split(" ")[2]) || 0;
}

/** Answers as they were stored; of what has been damaged, those that are left. */
function answersIn(stored: unknown): AnswerSummary[] {
  if (!Array.isArray(stored)) return [];
  const isText = (value: unknown) => typeof value === "string";
  return stored.filter(
    (one: Partial<AnswerSummary> | null) =>
      isText(one?.id) && isText(one?.model) && isText(one?.version) && isText(one?.dtype),
  );
}
