import { START_METRICS } from "@selvedge/protocol";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Served } from "../serving/served.ts";
import { wakeHint } from "../serving/wake-hint.ts";
import { aboutHost } from "../telemetry/count-start.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import {
  type ImageVerdict,
  imageUnder,
  imageVerdictKey,
  soundImageVerdict,
} from "./image-record.ts";
import { hasPlentyOfRoom } from "./image-room.ts";
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
 * wakes it, wherever this is cut off.
 *
 * @throws AbortError when the signal fires, and whatever the keeper does.
 */
export async function makeImage(rooms: LoadRooms, wanted: Wanted): Promise<void> {
  const { keeper } = rooms;
  const { served, signal } = wanted;
  const { host, opened, storage } = served;
  const { name, digest, dtype, engine } = opened;
  const { step, code, reason } = host.start;
  if (host.backend !== "wasm" || engine !== "onnx" || storage?.kind === "memory") return;
  // Where nothing is woken, nothing is written down.
  if (rooms.cache?.images === false || step !== "none" || code === "off" || code === "shared")
    return;
  const key = imageVerdictKey(digest, dtype);
  const judge = (record: ImageVerdict | undefined) =>
    keeper.call((remote, call) => remote.judge(call, key, record), signal);
  const write = ({ image, reason }: Result, under = imageUnder(opened.settings)) =>
    judge({ digest, candidate: key[1], at: Date.now(), under, image, reason });
  if (code === "failed" || code === "wrong") return write({ image: "failed", reason });
  const stored = await keeper.call((remote, call) => remote.verdicts(call, digest), signal);
  const known = soundImageVerdict(stored, key, imageUnder(opened.settings));
  if (known === "failed" || known === "not worth it") return;
  // What was asked for its image and found none has lost it; what was not asked has lost the hint.
  if (known === "made" && code === "not-known") return void wakeHint.note(name, "run");
  if (!(await isReady(rooms, wanted))) return;
  // Where a hint cannot be kept, nobody would ever wake it.
  if (!wakeHint.note(name, "none")) return;
  await judge(undefined);
  const { settings, ...result } = await tryImage(rooms, wanted);
  await write(result, imageUnder(settings));
  if (result.image !== "made") return;
  wakeHint.note(name, "run");
  const { recorder } = rooms.reporter;
  recorder.measure(START_METRICS.imageBytes, aboutHost(host), result.bytes ?? 0);
}

/** Whether the pack is proven on this device, and there is room for an image of its engine. */
async function isReady(
  rooms: LoadRooms,
  { served: { host, opened }, selector, signal }: Wanted,
): Promise<boolean> {
  const standing = await rooms.keeper.call(
    (remote, call) => remote.standing(call, selector),
    signal,
  );
  if (standing?.current.digest !== opened.digest) return false;
  if (!standing.isProven || standing.isRefused) return false;
  const most = host.memory?.engineBytes ?? USUAL_GROWTH * opened.bytes;
  return hasPlentyOfRoom(rooms, most, signal);
}
