import type { LoadRooms } from "../serving/load-rooms.ts";
import type { PackStorage } from "../worker/keeper-api.ts";

/** An image is a luxury: what is free has to be so many times as much. */
const PLENTY = 8;

/** What may be kept where nobody can tell how much is free, as in WebKitGTK: too little to be missed. */
const SMALL_BYTES = 32 * 2 ** 20;

/** What a browser tells of a connection. */
interface Connection {
  readonly saveData?: boolean;
}

/**
 * Why an image is not to take any of the room on this device: the user saves data, it would take more than
 * a small share of what is free, or, where nobody can tell how much that is, it is no small one.
 *
 * @param bytes what it takes at most
 * @returns for people; `undefined` where there is plenty of room
 */
export async function lackOfRoom(
  { keeper, cache = {} }: Pick<LoadRooms, "keeper" | "cache">,
  bytes: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { connection }: { connection?: Connection } = navigator as never;
  if (connection?.saveData === true) return "the user saves data";
  const needs = `it may take ${megabytes(bytes)}, and`;
  const { usage = 0, quota } = (await navigator.storage?.estimate?.()) ?? {};
  if (quota === undefined && bytes > SMALL_BYTES)
    return `${needs} the browser does not say how much room there is`;
  if (quota !== undefined && quota - usage < PLENTY * bytes)
    return `${needs} of the ${megabytes(Math.max(0, quota - usage))} that the browser has left for this site, no more than an eighth is for an image`;
  const { maxBytes } = cache;
  if (maxBytes === undefined) return undefined;
  const stored = await keeper.call((remote, call) => remote.size(call), signal);
  return stored + bytes <= maxBytes ? undefined : `${needs} the option cache.maxBytes leaves less`;
}

/** Why there is no image of what is not stored itself: it would be left behind. */
export function inMemory({ reason }: PackStorage & { readonly kind: "memory" }): string {
  return `the model is kept in memory only: ${reason}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
