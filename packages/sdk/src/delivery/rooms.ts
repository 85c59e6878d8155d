import type { Database } from "../store/database.ts";

/** What delivery works with: one of each in a keeper. */
export interface DeliveryRooms {
  readonly database: Database;
}
