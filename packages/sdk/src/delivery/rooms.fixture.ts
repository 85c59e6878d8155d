import type { Database } from "../store/database.ts";
import type { DeliveryRooms } from "./rooms.ts";
import { Space } from "./space.ts";

/** Rooms as a keeper has them that was given no options. */
export function roomsOf(database: Database): DeliveryRooms {
  const usage = { inUse: async () => new Set<string>() };
  return { database, usage, space: new Space(database, { usage }) };
}
