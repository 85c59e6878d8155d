import type { OtlpBatch } from "@selvedge/protocol";
import type { Answer } from "./answer.ts";
import { backoffMs } from "./backoff.ts";
import type { Choice } from "./choice.ts";
import { dropReport } from "./drop-report.ts";
import { type OutboxRecord, recordOf, resourceOf, soundRecord } from "./outbox-record.ts";
import { type OutboxState, withDrops } from "./outbox-state.ts";

/** What a transaction has at hand. */
export interface Visit {
  readonly records: Records;
  readonly memory: { put(value: unknown, key: string): Promise<unknown> };
  readonly choice: Choice | undefined;
  state: OutboxState;
}

/** What is used of the store of batches. */
export interface Records {
  get(key: number): Promise<OutboxRecord | undefined>;
  add(record: OutboxRecord): Promise<number>;
  put(record: OutboxRecord, key: number): Promise<number>;
  delete(key: number): Promise<void>;
  openCursor(): Promise<Cursor | null>;
}

interface Cursor {
  readonly key: number;
  readonly value: OutboxRecord;
  continue(): Promise<Cursor | null>;
}

/** Of all batches that wait. */
export async function bytesOf(records: Records): Promise<number> {
  let bytes = 0;
  for (let at = await records.openCursor(); at; at = await at.continue())
    bytes += soundRecord(at.value)?.bytes ?? 0;
  return bytes;
}

/**
 * Counts what waits anew, as what keeps count of it may have been damaged; throws out what is no batch, as
 * whoever sends reads all of them. How much was in that, nobody knows.
 */
export async function recount(visit: Visit): Promise<void> {
  let bytes = 0;
  for (let at = await visit.records.openCursor(); at; at = await at.continue()) {
    const record = soundRecord(at.value);
    bytes += record?.bytes ?? 0;
    if (record !== undefined) continue;
    await visit.records.delete(at.key);
    visit.state = withDrops(visit.state, { damaged: 1 });
  }
  visit.state = { ...visit.state, bytes };
}

export async function put(visit: Visit, record: OutboxRecord): Promise<void> {
  await visit.records.add(record);
  visit.state = { ...visit.state, bytes: visit.state.bytes + record.bytes };
}

export async function remove(visit: Visit, key: number, { bytes }: OutboxRecord): Promise<void> {
  await visit.records.delete(key);
  visit.state = { ...visit.state, bytes: Math.max(0, visit.state.bytes - bytes) };
}

export async function drop(
  visit: Visit,
  { key, record, reason }: { key: number; record: OutboxRecord; reason: string },
): Promise<void> {
  await remove(visit, key, record);
  // A report that is lost has lost nothing: what it told is told again.
  visit.state = withDrops(visit.state, record.drops ?? { [reason]: record.items });
}

/** Has what was dropped told by a batch, beside one of the same device. */
export async function report(visit: Visit, beside: OtlpBatch): Promise<void> {
  const { drops, clock } = visit.state;
  if (Object.keys(drops).length === 0) return;
  visit.state = { ...visit.state, drops: {} };
  await put(visit, recordOf(dropReport(drops, { resource: resourceOf(beside) }), clock, drops));
}

/** Keeps what was not taken, and lets others have it. */
export async function keep(
  visit: Visit,
  {
    key,
    record,
    answer,
    isOne,
  }: { key: number; record: OutboxRecord; answer: Answer; isOne: boolean },
): Promise<void> {
  const { lease: _over, ...free } = record;
  const isDoubtful = answer.kind === "refused" || (answer.kind === "later" && answer.isSuspect);
  // Which of a request's batches the collector fails on, it does not say: each is sent by itself.
  if (!isDoubtful) await visit.records.put(free, key);
  else if (!isOne) await visit.records.put({ ...free, isAlone: true }, key);
  else {
    // It may be this one that the collector fails on: the others go first from here on.
    await visit.records.delete(key);
    await visit.records.add(free);
  }
}

/** After a request that came to nothing. */
export function withWait(
  state: OutboxState,
  { isAsked, atLeastMs }: Answer & { kind: "later" },
  endpoint: string,
): OutboxState {
  const before = state.wait?.endpoint === endpoint ? state.wait.failures : 0;
  const until = state.clock + backoffMs(before, atLeastMs);
  return { ...state, wait: { endpoint, until, failures: before + 1, isAsked } };
}

/** After one that was answered. */
export function withoutWait({ wait: _over, ...state }: OutboxState): OutboxState {
  return state;
}
