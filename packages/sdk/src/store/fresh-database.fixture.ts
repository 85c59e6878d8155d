import { deleteDB } from "idb";
import { Database } from "./database.ts";

/** A store with nothing in it. Connections that tests before left open are closed by that. */
export async function freshDatabase(): Promise<Database> {
  await deleteDB("selvedge");
  await deleteDB("selvedge-left");
  return new Database();
}
