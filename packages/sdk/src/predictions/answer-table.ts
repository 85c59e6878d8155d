import { commitRequest } from "../store/commit-request.ts";
import type { AnswerSummary, Database } from "../store/database.ts";

/** A record holds about so many answers: fewer would be many records, more would be a large one. */
const IN_A_RECORD = 64;

/** Among what telemetry remembers: `answers <milliseconds> <how many> <random>`, so that keys tell all. */
const KEYS = { first: "answers ", last: "answers!" };

/** The latest answers of this device, for their truths to be joined to; also after a reload. */
export class AnswerTable {
  readonly #database: Database;
  readonly #keep: number;

  /** @param keep how many answers, give or take a record's worth */
  constructor(database: Database, keep: number) {
    this.#database = database;
    this.#keep = keep;
  }

  /** Adds answers, oldest first; the oldest of all that are too many go. */
  async add(answers: readonly AnswerSummary[]): Promise<void> {
    const doing = "remembering answers";
    const how = { doing, stores: ["telemetry"], mode: "readwrite" } as const;
    await this.#database.transact(how, async ({ store }) => {
      const keys = await store.getAllKeys(IDBKeyRange.bound(KEYS.first, KEYS.last));
      const latest = keys.at(-1);
      let added = [...answers];
      if (latest !== undefined && countOf(latest) + added.length <= IN_A_RECORD) {
        added = [...answersIn(await store.get(latest)), ...added];
        keys.pop();
        await store.delete(latest);
      }
      await store.put(added, keyOf(added.length));
      let newer = added.length;
      for (const key of keys.reverse()) {
        if (newer >= this.#keep) await store.delete(key);
        newer += countOf(key);
      }
    });
  }

  /**
   * Adds answers of a page that may be going away: in one write, as nothing that is read comes back to such
   * a page. Those that are too many go with the next that are added.
   */
  async leave(answers: readonly AnswerSummary[]): Promise<void> {
    const doing = "remembering answers of a page that goes away";
    const how = { doing, stores: ["telemetry"], mode: "readwrite" } as const;
    await this.#database.transact(how, async (transaction) => {
      const kept = transaction.store.put([...answers], keyOf(answers.length));
      await commitRequest(transaction, kept);
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
    return this.#database.transact({ doing, stores, mode: "readwrite" }, async (transaction) => {
      const telemetry = transaction.objectStore("telemetry");
      const range = IDBKeyRange.bound(KEYS.first, KEYS.last);
      const predictions = transaction.objectStore("predictions");
      let cursor = await telemetry.openCursor(range, "prev");
      const inRing = await predictions.get(id);
      let found = inRing?.answer;
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
    });
  }
}

function keyOf(count: number): string {
  const at = String(Date.now()).padStart(15, "0");
  return `${KEYS.first}${at} ${count} ${Math.random().toString(36).slice(2)}`;
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
