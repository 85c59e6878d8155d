import type { OtlpBatch } from "@selvedge/protocol";
import { batchIdOf, batchOf, type Lease, type OutboxRecord } from "./outbox-record.ts";
import type { OutboxState } from "./outbox-state.ts";
import { drop, remove, type Visit } from "./outbox-visit.ts";

/** How long a sender that has died holds up what it was about to send: longer than a request may take. */
const LEASE_MS = 45_000;

/** At most one request in this while, of all tabs together. */
const PACE_MS = 10_000;

/** What one request holds at most: of JSON, before it is compressed. */
const REQUEST_BYTES = 256 * 1024;
const REQUEST_BATCHES = 64;

/** What to lease, and for whom. */
export interface LeaseRequest {
  readonly owner: string;
  readonly endpoint: string;
  /** Now, and not at the usual pace; not where the collector has asked to wait. */
  readonly isUrgent?: boolean;
  /** Bytes that there is room for. Absent: a request's, and the first batch in any case. */
  readonly mostBytes?: number;
}

/** What there is to send. */
export type Leased =
  | { readonly kind: "batches"; readonly batches: readonly [LeasedBatch, ...LeasedBatch[]] }
  /** Nothing before a while; `isTold` where the collector said so. */
  | { readonly kind: "wait"; readonly ms: number; readonly isTold: boolean }
  | { readonly kind: "nothing" }
  /** The user wants none of it. */
  | { readonly kind: "denied" };

/** A batch that is somebody's to send. */
export interface LeasedBatch {
  readonly key: number;
  readonly batch: OtlpBatch;
  readonly bytes: number;
}

/** Takes what one request may hold: the oldest batch, and others of its signal. */
export async function leaseBatches(visit: Visit, wanted: LeaseRequest): Promise<Leased> {
  if (visit.choice === "denied") return { kind: "denied" };
  const wait = waitOf(visit.state, wanted);
  if (wait !== undefined) return wait;
  const { batches, freeInMs } = await choose(visit, wanted);
  const [first, ...others] = batches;
  if (first !== undefined) {
    visit.state = { ...visit.state, sentAt: visit.state.clock };
    return { kind: "batches", batches: [first, ...others] };
  }
  if (freeInMs === undefined) return { kind: "nothing" };
  return { kind: "wait", ms: freeInMs, isTold: false };
}

/** Whether somebody is sending it. For longer than it may take, nobody is: the clock was begun anew. */
export function isLeased(lease: Lease | undefined, clock: number): boolean {
  const leftMs = (lease?.until ?? clock) - clock;
  return leftMs > 0 && leftMs <= LEASE_MS;
}

/** Whether it was left by a page that did not know yet that everything before was erased. */
function isErased({ erasures }: OutboxRecord, state: OutboxState): boolean {
  return erasures !== undefined && erasures !== state.erasures;
}

function waitOf(
  { clock, sentAt, wait }: OutboxState,
  { endpoint, isUrgent = false }: LeaseRequest,
): Leased | undefined {
  if (wait?.endpoint === endpoint && wait.until > clock && (wait.isAsked || !isUrgent))
    return { kind: "wait", ms: wait.until - clock, isTold: wait.isAsked };
  const pauseMs = sentAt + PACE_MS - clock;
  return pauseMs > 0 && !isUrgent ? { kind: "wait", ms: pauseMs, isTold: false } : undefined;
}

/** Leases what fits into a request. */
async function choose(
  visit: Visit,
  { owner, mostBytes }: LeaseRequest,
): Promise<{ batches: LeasedBatch[]; freeInMs: number | undefined }> {
  const batches: LeasedBatch[] = [];
  const { clock } = visit.state;
  let signal: OtlpBatch["signal"] | undefined;
  let room = mostBytes ?? REQUEST_BYTES;
  let freeInMs: number | undefined;
  for (let at = await visit.records.openCursor(); at; at = await at.continue()) {
    const { key, value: record } = at;
    // A page that was going away may have left what it had stored already: twice in one request counts twice.
    const id = batchIdOf(record);
    const isRepeat = id !== "" && batches.some(({ batch }) => batchIdOf(batch) === id);
    if (isRepeat) {
      await remove(visit, key, record);
      continue;
    }
    if (isErased(record, visit.state)) {
      await drop(visit, { key, record, reason: "erased" });
      continue;
    }
    if (record.lease !== undefined && isLeased(record.lease, clock)) {
      freeInMs = Math.min(freeInMs ?? LEASE_MS, record.lease.until - clock);
      continue;
    }
    const isFirst = batches.length === 0;
    if (!isFirst && (record.signal !== signal || record.isAlone)) continue;
    if (record.bytes > room && (mostBytes !== undefined || !isFirst)) break;
    const lease = { owner, until: clock + LEASE_MS };
    await visit.records.put({ ...record, lease, tries: record.tries + 1 }, key);
    batches.push({ key, batch: batchOf(record), bytes: record.bytes });
    signal = record.signal;
    room -= record.bytes;
    if (record.isAlone || batches.length === REQUEST_BATCHES) break;
  }
  return { batches, freeInMs };
}
