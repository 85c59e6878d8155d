import type { Database } from "../store/database.ts";
import type { DeliveryRooms } from "./rooms.ts";

/** Rooms as a keeper has them that was given no options, in the only tab there is. */
export function roomsOf(database: Database): DeliveryRooms {
  const none = async () => new Set<string>();
  return { database, usage: { inUse: none, downloads: none } };
}
