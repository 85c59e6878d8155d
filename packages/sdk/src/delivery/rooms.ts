import type { Trust } from "../channel/trust.ts";
import type { Database } from "../store/database.ts";
import type { PackUsage } from "../tabs/pack-usage.ts";
import type { FoundManifests } from "./found-manifests.ts";
import type { Network } from "./network.ts";
import type { Space } from "./space.ts";

/** What delivery works with: one of each in a keeper. */
export interface DeliveryRooms {
  readonly database: Database;
  /** Whose signatures are believed; absent where none is looked at. */
  readonly trust?: Trust | undefined;
  readonly network: Network;
  readonly found: FoundManifests;
  /** What other tabs are doing with packs. */
  readonly usage: PackUsage;
  /** The room that models have. */
  readonly space: Space;
}
