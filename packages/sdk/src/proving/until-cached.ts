import type { LoadRooms } from "../serving/load-rooms.ts";
import { pause } from "../serving/pause.ts";

/** A browser writes what it has compiled for good some time after that, as long as its worker lives. */
const CACHED_AFTER_MS = 3_000;

/**
 * Keeps a worker alive until its wasm is in the browser's code cache, as far as one can tell.
 *
 * @throws AbortError when the signal fires
 */
export async function untilCached(
  { pace }: Pick<LoadRooms, "pace">,
  signal: AbortSignal,
): Promise<void> {
  await pause(pace?.cachedAfterMs ?? CACHED_AFTER_MS, signal);
  signal.throwIfAborted();
}
