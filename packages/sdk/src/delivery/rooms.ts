import type { Database } from "../store/database.ts";
import type { Space } from "./space.ts";

/** Which packs are loaded, in whichever tab. */
export interface PackUsage {
  /** Digests. */
  inUse(): Promise<ReadonlySet<string>>;
}

/** What delivery works with: one of each in a keeper. */
export interface DeliveryRooms {
  readonly database: Database;
  readonly usage: PackUsage;
  /** The room that models have. */
  readonly space: Space;
}
