import { SelvedgeError } from "@selvedge/protocol";
import { requireProof } from "../proving/require-proof.ts";
import type { Place } from "../worker/engine-api.ts";
import type { Choice, InstallHow, PackSelector } from "../worker/keeper-api.ts";
import type { EngineHost, HostOpened, OwnWorker } from "./engine-host.ts";
import type { LoadRooms } from "./load-rooms.ts";

/** An engine that has opened a pack and given its golden answers, and serves nobody yet. */
export interface Proven {
  readonly host: EngineHost;
  readonly opened: HostOpened;
  /** What was compared. */
  readonly finding: string;
}

/** What is to be opened. */
interface Wanted {
  /** What the keeper installs where the store lacks some of it. */
  readonly wanted: PackSelector;
  readonly place: Place;
  readonly choice: Choice;
  readonly signal: AbortSignal;
  readonly own: OwnWorker;
}

/**
 * Opens a stored pack in an engine of its own, beside whatever serves, and has it give its golden
 * answers there. An engine that fails ends.
 *
 * @throws SelvedgeError `no-candidate` where the golden answers do not hold; what opening throws.
 */
export async function openProven(
  rooms: LoadRooms,
  { wanted, place, choice, signal, own }: Wanted,
): Promise<Proven> {
  const host = rooms.newHost(place, wanted.trust, own);
  try {
    const opened = await openOrComplete(host, rooms, { wanted, choice, signal });
    const finding = await requireProof(host, opened, signal);
    signal.throwIfAborted();
    return { host, opened, finding };
  } catch (error) {
    host.dispose();
    throw error;
  }
}

/**
 * A second backend may take another variant of the precision, of which the device lacks what the two
 * do not share: it is fetched then.
 */
export async function openOrComplete(
  host: EngineHost,
  { keeper }: Pick<LoadRooms, "keeper">,
  {
    wanted,
    choice,
    signal,
    purpose = "load",
  }: Omit<Wanted, "place" | "own"> & Pick<InstallHow, "purpose">,
): Promise<HostOpened> {
  try {
    const { digest, dtype } = choice;
    const { backend, features } = wanted;
    const opened = await host.open({ by: "digest", digest, dtype, backend, features }, signal);
    if (opened !== undefined) return opened;
  } catch (error) {
    if (!(error instanceof SelvedgeError && error.code === "storage-damaged")) throw error;
  }
  const how = { role: "part", purpose } as const;
  await keeper.call(
    (remote, call) => remote.install(call, wanted, undefined, undefined, how),
    signal,
  );
  return host.openStored(choice, signal);
}
