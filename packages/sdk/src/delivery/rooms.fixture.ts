import type { Database } from "../store/database.ts";
import type { DeliveryRooms } from "./rooms.ts";

/** Rooms as a keeper has them that was given no options. */
export function roomsOf(database: Database): DeliveryRooms {
  return { database };
}
