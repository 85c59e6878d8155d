import type { OtlpMetricsRequest } from "@selvedge/protocol";
import type { IDBPDatabase, IDBPTransaction } from "idb";
import type { PackChoice, StoreName, StoreSchema } from "./database.ts";

/** The version of the store that `StoreSchema` describes. */
export const SCHEMA_VERSION = 5;

/** Brings a database of any earlier version to this one. Nothing in it is lost. */
export async function upgradeDatabase(
  database: IDBPDatabase<StoreSchema>,
  from: number,
  transaction: IDBPTransaction<StoreSchema, StoreName[], "versionchange">,
): Promise<void> {
  if (from < 1) {
    database.createObjectStore("packs", { keyPath: "digest" });
    database.createObjectStore("activations");
    database.createObjectStore("pieces");
    database.createObjectStore("outbox", { autoIncrement: true });
  }
  if (from < 2) {
    database.createObjectStore("leases");
    database.createObjectStore("downloads");
    database.createObjectStore("trust");
    const store = transaction.objectStore("activations");
    for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue()) {
      // Version 1 kept the choice alone, of packs that had all served.
      const current = cursor.value as unknown as PackChoice;
      await cursor.update({ current, isProven: true, refused: [] });
    }
  }
  if (from < 3) database.createObjectStore("verdicts", { keyPath: ["digest", "candidate"] });
  if (from < 4) {
    database.createObjectStore("telemetry");
    database.createObjectStore("predictions", { keyPath: "id" }).createIndex("at", "at");
    const store = transaction.objectStore("outbox");
    for (let cursor = await store.openCursor(); cursor; cursor = await cursor.continue()) {
      // Before version 4 there was one signal, and a batch was its body.
      const body = cursor.value as unknown as OtlpMetricsRequest;
      const text = JSON.stringify(body);
      const items = text.split('"timeUnixNano"').length - 1;
      const counted = { bytes: text.length, items, addedAt: 0, tries: 0 };
      await cursor.update({ signal: "metrics", body, ...counted });
    }
  }
  if (from < 5) {
    database.createObjectStore("images", { keyPath: "key" }).createIndex("pack", "pack");
    database.createObjectStore("imagePages");
    database.createObjectStore("runtimes");
  }
}
