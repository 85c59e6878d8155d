import { openDB } from "idb";
import { LeftDatabase } from "../store/left-database.ts";
import { EVERYTHING_LEFT, LeftRecords } from "./left-records.ts";
import type { LeftBatch } from "./outbox-record.ts";

/** What pages have left and nobody has taken in. */
export async function leftBatches(): Promise<readonly LeftBatch[]> {
  const database = new LeftDatabase();
  const { batches } = await new LeftRecords(database).read(EVERYTHING_LEFT);
  await database.close();
  return batches;
}

/** Puts something among it, whatever it is. */
export async function putLeft(value: unknown): Promise<void> {
  await leftBatches();
  const connection = await openDB("selvedge-left");
  await connection.put("batches", value);
  connection.close();
}
