import { noteTakenIn, TAKEN_IN } from "../store/left-answers.ts";
import type { LeftAnswers } from "../store/left-database.ts";
import { CHOICE } from "./choice.ts";
import { type LeftBatch, soundRecord } from "./outbox-record.ts";
import { freshState, type OutboxState, soundState, ticked, withDrops } from "./outbox-state.ts";
import { recordOfLeft } from "./take-in.ts";

/** What is used of the stores that telemetry has something in. */
interface ErasedStores {
  readonly outbox: Clears & { getAll(): Promise<readonly unknown[]> };
  readonly predictions: Clears;
  readonly memory: Clears & {
    get(key: string): Promise<unknown>;
    put(value: unknown, key: string): Promise<unknown>;
  };
}

interface Clears {
  clear(): Promise<void>;
}

/** How, and what of `memory` is what. */
interface Erasure {
  readonly now: number;
  /** What pages have left: deleted once this is done. */
  readonly left: readonly LeftBatch[];
  readonly answers: readonly LeftAnswers[];
  /** Under which `memory` has what the outbox remembers. */
  readonly key: string;
  /** Told, before anything is deleted, how often everything was erased with this time. */
  readonly onBegin: (erasures: number) => void;
}

/**
 * Deletes what waits, and all that was kept of this device and its predictions, in one transaction; has
 * what was left taken for erased from there on. How much it was is counted.
 *
 * @returns what the outbox remembers from there on
 */
export async function eraseAll(
  { outbox, predictions, memory }: ErasedStores,
  { now, left, answers, key, onBegin }: Erasure,
): Promise<OutboxState> {
  const all = await outbox.getAll();
  const choice = await memory.get(CHOICE);
  await noteTakenIn(memory, answers);
  const takenAnswers = await memory.get(TAKEN_IN);
  const before = soundState(await memory.get(key)) ?? freshState(now);
  const { clock, sentAt, wait, takenIn = 0 } = ticked(before, now);
  const erasures = before.erasures + 1;
  onBegin(erasures);
  const waiting = all.map((one) => soundRecord(one)?.items ?? 0);
  const untaken = left.filter((one) => (one.key ?? 0) > takenIn);
  const wasLeft = untaken.map((one) => recordOfLeft(one, clock)?.items ?? 0);
  const erased = [...waiting, ...wasLeft].reduce((sum, items) => sum + items, 0);
  const after: OutboxState = {
    ...freshState(now),
    ...{ clock, sentAt, erasures },
    ...(wait === undefined ? {} : { wait }),
    // A tab that has read it, and comes to the outbox after this, does not bring it back.
    takenIn: Math.max(takenIn, untaken.at(-1)?.key ?? 0),
  };
  for (const store of [outbox, predictions, memory]) await store.clear();
  const state = withDrops(after, { erased });
  await memory.put(state, key);
  if (choice !== undefined) await memory.put(choice, CHOICE);
  if (takenAnswers !== undefined) await memory.put(takenAnswers, TAKEN_IN);
  return state;
}
