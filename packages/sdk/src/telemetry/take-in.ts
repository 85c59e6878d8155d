import { type LeftBatch, type OutboxRecord, recordOf, soundRecord } from "./outbox-record.ts";
import { withDrops } from "./outbox-state.ts";
import { put, type Visit } from "./outbox-visit.ts";

/** A batch that is to wait, and what speaks against it. */
interface Arrival {
  readonly record: OutboxRecord;
  /** How often everything had been erased, as far as was known where it was measured. */
  readonly erasures: number | undefined;
  readonly maxBytes: number;
}

/** Takes a batch in, or counts it as given up. @returns whether it waits now */
export async function takeIn(
  visit: Visit,
  { record, erasures, maxBytes }: Arrival,
): Promise<boolean> {
  const isErased = erasures !== undefined && erasures !== visit.state.erasures;
  const isLarge = record.bytes > maxBytes;
  if (!isErased && !isLarge) await put(visit, record);
  else {
    const reason = isErased ? "erased" : "too-many-bytes";
    visit.state = withDrops(visit.state, { [reason]: record.items });
  }
  return !isErased && !isLarge;
}

/**
 * Takes in what pages left: each once, also where a browser was killed before it was deleted from where
 * they left it. Where the user wants no telemetry it is thrown away, as what a page adds then.
 */
export async function takeInLeft(
  visit: Visit,
  left: readonly LeftBatch[],
  maxBytes: number,
): Promise<void> {
  for (const one of left) {
    const { key = 0, erasures } = one;
    if (key <= (visit.state.takenIn ?? 0)) continue;
    visit.state = { ...visit.state, takenIn: key };
    if (visit.choice === "denied") continue;
    const record = recordOfLeft(one, visit.state.clock);
    if (record === undefined) visit.state = withDrops(visit.state, { damaged: 1 });
    else await takeIn(visit, { record, erasures, maxBytes });
  }
}

/** What was left, as the outbox keeps it; `undefined` where it is no batch. */
export function recordOfLeft(
  { batch, leftAt }: LeftBatch,
  clock: number,
): OutboxRecord | undefined {
  try {
    const { signal, body } = batch;
    // No page knows the time better than the outbox.
    const addedAt = Math.min(Number.isFinite(leftAt) ? leftAt : clock, clock);
    return soundRecord(recordOf({ signal, body } as typeof batch, addedAt));
  } catch {
    return undefined;
  }
}
