import type { Database } from "../store/database.ts";
import type { PackUsage } from "../tabs/pack-usage.ts";
import type { Space } from "./space.ts";

/** What delivery works with: one of each in a keeper. */
export interface DeliveryRooms {
  readonly database: Database;
  /** What other tabs are doing with packs. */
  readonly usage: PackUsage;
  /** The room that models have. */
  readonly space: Space;
}
