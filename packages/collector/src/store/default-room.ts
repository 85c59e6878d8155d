import { totalmem } from "node:os";
import type { Room } from "./store.ts";

const GIB = 2 ** 30;

/** How much room a store has where nothing else is asked for: half of the machine's memory, 4 GiB at most. */
export const DEFAULT_ROOM: Room = {
  memoryBytes: Math.min(4 * GIB, Math.floor(totalmem() / 2)),
  temporaryBytes: 8 * GIB,
};
