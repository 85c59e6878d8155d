import { isLeased } from "./lease-batches.ts";
import { drop, type Visit } from "./outbox-visit.ts";

/** Drops the oldest while they are too old, or too much waits. What is being sent is let be. */
export async function trim(
  visit: Visit,
  { maxAgeMs, maxBytes }: { readonly maxAgeMs: number; readonly maxBytes: number },
): Promise<void> {
  for (let at = await visit.records.openCursor(); at; at = await at.continue()) {
    const { clock, bytes } = visit.state;
    const { key, value: record } = at;
    if (isLeased(record.lease, clock)) continue;
    const isOld = clock - record.addedAt > maxAgeMs;
    if (!isOld && bytes <= maxBytes) return;
    await drop(visit, { key, record, reason: isOld ? "too-old" : "too-many-bytes" });
  }
}
