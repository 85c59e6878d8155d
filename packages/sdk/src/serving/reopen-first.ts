import { runsOn } from "@selvedge/protocol";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { Rung } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";
import type { Model } from "./model.ts";
import { type Errand, openProvenInSteps } from "./open-proven.ts";
import type { HostOpened } from "./pack-opener.ts";
import { rungOf, type Served } from "./served.ts";

/** What is to serve again. */
interface Reopening {
  readonly model: Model;
  readonly selector: PackSelector;
  /** What served when the model was loaded. */
  readonly first: Served;
}

/**
 * Lets the place that served first answer again, where the app named it before others: what is faster
 * was not the question. It gives its golden answers first. What the device has lost of it is left as an errand.
 *
 * @returns whether that is decided
 * @throws SelvedgeError as `openProven`
 */
export async function* reopenFirst(
  rooms: LoadRooms,
  { model, selector, first }: Reopening,
): AsyncGenerator<Errand, boolean> {
  const { disposal: signal } = model;
  const { served: before } = model;
  const { place } = first.host;
  if (place.backend !== "webgpu") return true;
  // It may have been updated since.
  const { digest, version } = before.opened;
  const { dtype } = first.opened;
  if (!hasVariant(before.opened, { place, dtype })) return true;
  const { backend, features } = place;
  const wanted = { ...selector, version, dtype, backend, features };
  const choice = { digest, dtype };
  const how = { wanted, place, choice, signal, own: "at-once" } as const;
  const { host, opened, finding } = yield* openProvenInSteps(rooms, how);
  if (model.served.host !== before.host) {
    host.dispose();
    return false;
  }
  const { ladder } = before;
  ladder.note(rungOf(before), { state: "standby", reason: "right; what was asked for is back" });
  ladder.note({ place, dtype }, { state: "serving", reason: `asked for, and back; ${finding}` });
  model.moveTo({ ...before, host, opened });
  return true;
}

/** Whether a version has what was asked for: it need not be in the precisions of the one before. */
function hasVariant({ variants, engine }: HostOpened, { place, dtype }: Rung): boolean {
  return variants.some((one) => one.dtype === dtype && one.engine === engine && runsOn(one, place));
}
