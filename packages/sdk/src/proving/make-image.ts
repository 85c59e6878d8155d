import { START_METRICS } from "@selvedge/protocol";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Served } from "../serving/served.ts";
import { wakeHint } from "../serving/wake-hint.ts";
import { IMAGES_LOCK } from "../store/images-lock.ts";
import { aboutHost } from "../telemetry/count-start.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import {
  type ImageVerdict,
  imageUnder,
  imageVerdictKey,
  soundImageVerdict,
} from "./image-record.ts";
import { inMemory, lackOfRoom } from "./image-room.ts";
import { type Result, tryImage } from "./try-image.ts";

/** What a model's engine takes of memory, as a multiple of its bytes, where nobody has measured it. */
const USUAL_GROWTH = 4;

/** What is to be written down. */
export interface Wanted {
  readonly served: Served;
  readonly selector: PackSelector;
  readonly signal: AbortSignal;
}

/**
 * Writes the engine of a model down, once for each pack on this device and in workers of its own, so that
 * the next visit wakes it: where it is proven, there is room, and waking it is right, bit for bit, and
 * clearly faster than loading it. Until all of that is known no page is told of the image, and so none
 * wakes it, wherever this is cut off. Why there is none, `model.info.start` says.
 *
 * @throws AbortError when the signal fires, and whatever the keeper does.
 */
export async function makeImage(rooms: LoadRooms, wanted: Wanted): Promise<void> {
  const { host, opened, storage } = wanted.served;
  const { step, code, reason } = host.start;
  if (host.backend !== "wasm" || opened.engine !== "onnx") return;
  // Where nothing is woken, nothing is written down.
  if (rooms.cache?.images === false || step !== "none" || code === "off" || code === "shared")
    return;
  if (storage?.kind === "memory") {
    host.noImage = inMemory(storage);
    return;
  }
  if (code === "failed" || code === "wrong")
    return verdictsOf(rooms, wanted).write({ image: "failed", reason, settings: opened.settings });
  // Two at once would sweep each other's pages, and one would vouch for what the other has written.
  await navigator.locks.request(IMAGES_LOCK, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await makeAlone(rooms, wanted);
  });
}

async function makeAlone(rooms: LoadRooms, wanted: Wanted): Promise<void> {
  const { host } = wanted.served;
  const verdicts = verdictsOf(rooms, wanted);
  const known = await verdicts.known();
  const isMade = known?.image === "made";
  if (known !== undefined && !isMade && !known.isStale) {
    host.noImage = known.reason;
    return;
  }
  // What was asked for its image and found none has lost it; what was not asked has lost the hint.
  if (isMade && host.start.code === "not-known")
    return void wakeHint.note(wanted.selector.name, "run");
  if (!(await isProven(rooms, wanted))) return;
  const most = host.memory?.engineBytes ?? USUAL_GROWTH * wanted.served.opened.bytes;
  const shortage = await lackOfRoom(rooms, most, wanted.signal);
  if (shortage !== undefined) {
    host.noImage = shortage;
    return;
  }
  // Where a hint cannot be kept, nobody would ever wake it.
  if (!wakeHint.note(wanted.selector.name, "none")) {
    host.noImage = "the browser keeps no hint of it in localStorage";
    return;
  }
  await verdicts.judge(undefined);
  const result = await tryImage(rooms, wanted);
  await verdicts.write(result, known?.declined);
  host.noImage = result.image === "made" ? undefined : result.reason;
  if (result.image !== "made") return;
  wakeHint.note(wanted.selector.name, result.step ?? "run", result.at);
  const { recorder } = rooms.reporter;
  recorder.measure(START_METRICS.imageBytes, aboutHost(host), result.at?.bytes ?? 0);
}

/** What is remembered of the images of a pack, on this device. */
function verdictsOf({ keeper }: LoadRooms, { served: { opened }, signal }: Wanted) {
  const { digest, dtype, settings: served } = opened;
  const key = imageVerdictKey(digest, dtype);
  const judge = (record: ImageVerdict | undefined) =>
    keeper.call((remote, call) => remote.judge(call, key, record), signal);
  return {
    judge,
    async known() {
      const stored = await keeper.call((remote, call) => remote.verdicts(call, digest), signal);
      return soundImageVerdict(stored, key, imageUnder(served));
    },
    /** @param before how often in a row it had not been worth it */
    write: ({ image, reason, settings }: Result, before = 0) =>
      judge({
        digest,
        candidate: key[1],
        at: Date.now(),
        under: imageUnder(settings),
        image,
        reason,
        declined: image === "not worth it" ? before + 1 : 0,
      }),
  };
}

/** Whether the pack is the current one, and proven on this device. */
async function isProven(
  { keeper }: LoadRooms,
  { served: { opened }, selector, signal }: Wanted,
): Promise<boolean> {
  const standing = await keeper.call((remote, call) => remote.standing(call, selector), signal);
  if (standing?.current.digest !== opened.digest) return false;
  return standing.isProven && !standing.isRefused;
}
