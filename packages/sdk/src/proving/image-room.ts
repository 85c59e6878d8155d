import type { LoadRooms } from "../serving/load-rooms.ts";

/** An image is a luxury: what is free has to be so many times as much. */
const PLENTY = 8;

/** What may be kept where nobody can tell how much is free, as in WebKitGTK: too little to be missed. */
const SMALL_BYTES = 32 * 2 ** 20;

/** What a browser tells of a connection. */
interface Connection {
  readonly saveData?: boolean;
}

/**
 * Whether there is so much room on this device that an image may take some of it. Where the user saves
 * data there is not; where nobody can tell, there is for a small one.
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
  const { usage = 0, quota } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota === undefined ? bytes > SMALL_BYTES : quota - usage < PLENTY * bytes) return false;
  const { maxBytes } = cache;
  if (maxBytes === undefined) return true;
  return (await keeper.call((remote, call) => remote.size(call), signal)) + bytes <= maxBytes;
}
