import { openDB } from "idb";
import { EVERYTHING_LEFT, LeftRecords } from "./left-records.ts";
import type { LeftBatch } from "./outbox-record.ts";

/** What pages have left and nobody has taken in. */
export async function leftBatches(): Promise<readonly LeftBatch[]> {
  const records = new LeftRecords();
  const { batches } = await records.read(EVERYTHING_LEFT);
  await records.close();
  return batches;
}

/** Puts something among it, whatever it is. */
export async function putLeft(value: unknown): Promise<void> {
  await leftBatches();
  const connection = await openDB("selvedge-left");
  await connection.put("batches", value);
  connection.close();
}
