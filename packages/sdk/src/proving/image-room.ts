import type { LoadRooms } from "../serving/load-rooms.ts";

/** An image is a luxury: what is free has to be so many times as much. */
const PLENTY = 8;

/** What a browser tells of a connection. */
interface Connection {
  readonly saveData?: boolean;
}

/**
 * Whether there is so much room on this device that an image may take some of it. Where nobody can tell,
 * and where the user saves data, there is not.
 *
 * @param bytes what it takes at most
 */
export async function hasPlentyOfRoom(
  { keeper, cache = {} }: Pick<LoadRooms, "keeper" | "cache">,
  bytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { connection }: { connection?: Connection } = navigator as never;
  if (connection?.saveData === true) return false;
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota - usage < PLENTY * bytes) return false;
  const { maxBytes } = cache;
  if (maxBytes === undefined) return true;
  return (await keeper.call((remote, call) => remote.size(call), signal)) + bytes <= maxBytes;
}
