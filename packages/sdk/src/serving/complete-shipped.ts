import { imageUnder, imageVerdictKey } from "../proving/image-record.ts";
import { inMemory, lackOfRoom } from "../proving/image-room.ts";
import { IMAGES_LOCK } from "../store/images-lock.ts";
import type { Loaded } from "./behind.ts";
import { eitherOf } from "./either-of.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { storedHint, wakeHint } from "./wake-hint.ts";

/** Putting an image together and writing it down. */
const TIMEOUT_MS = 60_000;

/** Two models that come at once keep their images in turn; one that is made takes longer than is waited for. */
const PATIENCE_MS = 30_000;

/**
 * Completes what was woken from an image that ships with its pack: installs the pack, so that there is
 * something to load, here and offline, and keeps the image as the device's own. Until the pack is whole the
 * next visit is a first one again.
 *
 * @throws AbortError when the model is disposed of, and whatever installing throws.
 */
export async function completeShipped(
  rooms: LoadRooms,
  { first, selector, model }: Pick<Loaded, "first" | "selector" | "model">,
): Promise<void> {
  const { keeper, reporter } = rooms;
  const signal = model.disposal;
  const { digest } = first.opened;
  const installed = await keeper.call((remote, call) => remote.install(call, selector), signal);
  const { version, dtype, fetchedBytes } = installed;
  const { backend } = first.host;
  reporter.recorder.fetched({ model: selector.name, version, dtype, backend }, fetchedBytes);
  // A version that came out meanwhile is the next load's.
  if (installed.digest !== digest) return;
  first.storage = installed.storage;
  const { storage } = installed;
  if (storage.kind === "memory") {
    first.host.noImage = inMemory(storage);
    return;
  }
  storedHint.note(selector.name);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  const turn = { signal: eitherOf(signal, patience.signal) };
  await navigator.locks.request(IMAGES_LOCK, turn, async () => {
    clearTimeout(timer);
    await keepImage(rooms, { first, selector, signal });
  });
}

async function keepImage(
  rooms: LoadRooms,
  {
    first,
    selector,
    signal,
  }: Pick<Loaded, "first" | "selector"> & { readonly signal: AbortSignal },
): Promise<void> {
  const { host, opened } = first;
  const { digest, dtype, settings } = opened;
  const { step, image } = host.start;
  // Another tab, on its first visit too, may have kept it by now, and given up what it was made of.
  if (step === "none" || wakeHint.of(selector.name) !== "none") return;
  const shortage = await lackOfRoom(rooms, image?.bytes ?? 0, signal);
  if (shortage !== undefined) {
    host.noImage = shortage;
    return;
  }
  const limits = { timeoutMs: TIMEOUT_MS, signal };
  const at = await host
    .ask((remote) => remote.keepShipped(), limits)
    .catch((error: unknown) => {
      host.noImage = error instanceof Error ? error.message : String(error);
      throw error;
    });
  const key = imageVerdictKey(digest, dtype);
  const verdict = {
    ...{ digest, candidate: key[1], at: Date.now(), under: imageUnder(settings) },
    ...({ image: "made", reason: "it came with the pack, and gave its golden answers" } as const),
  };
  await rooms.keeper.call((remote, call) => remote.judge(call, key, verdict), signal);
  wakeHint.note(selector.name, "run", at);
}
