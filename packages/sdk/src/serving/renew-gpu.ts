import { whenIdle } from "../proving/when-idle.ts";
import type { InstallHow, PackSelector } from "../worker/keeper-api.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { pause } from "./pause.ts";
import { type Places, selectorAt } from "./survey-places.ts";

/** When the registry is asked for what nobody waits for. */
const LATER_MS = 10_000;

/** What is to be opened, and where. */
export interface Asked {
  readonly selector: PackSelector;
  readonly places: Places;
}

/** How another version is fetched. */
interface Renewal extends Required<Pick<InstallHow, "purpose">> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Has another version answer on the GPU than the one that cannot. Nobody else would ask for it: no model is
 * loaded there.
 *
 * @returns whether there is one
 * @throws AbortError when the signal fires
 */
export async function renew(
  { keeper, reporter }: Pick<LoadRooms, "keeper" | "reporter">,
  { selector, places: { contents, rungs } }: Asked,
  { purpose, signal }: Renewal,
): Promise<boolean> {
  const rung = rungs.find(({ place }) => place.backend !== "wasm");
  if (rung === undefined) return false;
  const wanted = selectorAt(rung, selector, contents.variants);
  const { backend } = rung.place;
  try {
    const found = await keeper.call(
      (remote, call) => remote.findUpdate(call, wanted, contents.digest),
      signal,
    );
    if (found === undefined) return false;
    const { version, dtype, fetchedBytes } = await keeper.call(
      (remote, call) => remote.install(call, wanted, undefined, undefined, { purpose }),
      signal,
    );
    reporter.recorder.fetched({ model: selector.name, version, dtype, backend }, fetchedBytes);
    return true;
  } catch {
    signal?.throwIfAborted();
    // What the registry has is not known just now; why nothing serves is.
    return false;
  }
}

/**
 * The same in idle time, for the next visit, where WASM answers instead: that may be updated, and would
 * leave what failed on the GPU behind. Never rejects.
 */
export async function renewLater(
  rooms: Pick<LoadRooms, "keeper" | "reporter" | "pace">,
  asked: Asked,
): Promise<void> {
  await pause(rooms.pace?.proveAfterMs ?? LATER_MS, new AbortController().signal);
  await whenIdle();
  await renew(rooms, asked, { purpose: "update" });
}
