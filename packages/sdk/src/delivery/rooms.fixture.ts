import type { Database } from "../store/database.ts";
import { FoundManifests } from "./found-manifests.ts";
import { browserNetwork, type Network } from "./network.ts";
import type { DeliveryRooms } from "./rooms.ts";
import { Space } from "./space.ts";

/** The network as tests want it: nothing waits before it tries again. */
export function networkOf(own: Partial<Network> = {}): Network {
  const wait: Network["wait"] = async (_ms, signal) => signal.throwIfAborted();
  return browserNetwork({ wait, isOnline: () => true, isMetered: () => false, ...own });
}

/** Rooms as a keeper has them that was given no options, in the only tab there is. */
export function roomsOf(database: Database, network: Network = networkOf()): DeliveryRooms {
  const none = async () => new Set<string>();
  const usage = { inUse: none, downloads: none };
  const found = new FoundManifests();
  return { database, network, found, usage, space: new Space(database, { usage }) };
}
