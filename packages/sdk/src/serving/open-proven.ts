import { SelvedgeError } from "@selvedge/protocol";
import { requireProof } from "../proving/require-proof.ts";
import type { Place } from "../worker/engine-api.ts";
import type { Choice, InstallHow, PackSelector } from "../worker/keeper-api.ts";
import type { EngineHost } from "./engine-host.ts";
import type { OwnWorker } from "./engine-pool.ts";
import type { LoadRooms } from "./load-rooms.ts";
import type { HostOpened } from "./pack-opener.ts";

/** Looking whether a pack is whole, which no piece is read for. */
export const LOOK_TIMEOUT_MS = 30_000;

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

/** Something that takes as long as a link does: done before the next step, while others have their turn. */
export type Errand = () => Promise<void>;

/**
 * Opens a stored pack in an engine of its own, beside whatever serves, and has it give its golden
 * answers there. An engine that fails ends. What the device lacks is fetched in between: no engine waits
 * for a download, nor do others for the turn to have one alone.
 *
 * @throws SelvedgeError `no-candidate` where the golden answers do not hold; what opening throws.
 */
export async function openProven(rooms: LoadRooms, wanted: Wanted): Promise<Proven> {
  const steps = openProvenInSteps(rooms, wanted);
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
    await value();
  }
}

/** As `openProven`, for whoever has a turn that is not to be held while something is fetched. */
export async function* openProvenInSteps(
  rooms: LoadRooms,
  wanted: Wanted,
): AsyncGenerator<Errand, Proven> {
  try {
    return await openAndProve(rooms, wanted, openWhole);
  } catch (error) {
    if (!isLacking(error)) throw error;
  }
  yield () => complete(rooms, wanted);
  return openAndProve(rooms, wanted, openMended);
}

/** As `openHeld`, where the store has its golden answers as well: they would be fetched in the turn. */
async function openWhole(
  host: EngineHost,
  choice: Choice,
  signal: AbortSignal,
): Promise<HostOpened> {
  const opened = await openHeld(host, choice, signal);
  const limits = { timeoutMs: LOOK_TIMEOUT_MS, signal };
  await host.ask((engine, session) => engine.requireWhole(session), limits);
  return opened;
}

async function openAndProve(
  rooms: LoadRooms,
  { wanted, place, choice, signal, own }: Wanted,
  open: typeof openHeld,
): Promise<Proven> {
  const host = rooms.newHost(place, wanted.trust, own);
  try {
    const opened = await open(host, choice, signal);
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
  rooms: Pick<LoadRooms, "keeper" | "reporter">,
  { wanted, choice, signal }: Pick<Wanted, "wanted" | "choice" | "signal">,
): Promise<HostOpened> {
  try {
    return await openHeld(host, choice, signal);
  } catch (error) {
    if (!isLacking(error)) throw error;
  }
  await complete(rooms, { wanted, signal });
  return openMended(host, choice, signal);
}

/**
 * Opens a pack in one of its variants as it lies in the store, and nothing is fetched for it.
 *
 * @throws SelvedgeError of which `isLacking` tells where the store has not got all of it.
 */
export async function openHeld(
  host: EngineHost,
  { digest, dtype }: Choice,
  signal: AbortSignal,
): Promise<HostOpened> {
  const { backend, features } = host.place;
  const opened = await host.open({ by: "digest", digest, dtype, backend, features }, signal);
  if (opened === undefined) throw new Error("a pack opened by digest is there or throws");
  return opened;
}

/** Opens what has been completed: from the store, or as the keeper has it in memory. */
export function openMended(
  host: EngineHost,
  { digest, dtype }: Choice,
  signal: AbortSignal,
): Promise<HostOpened> {
  return host.openStored({ digest, dtype }, signal);
}

/** Whether a pack did not open because the store has not got all of it, so that completing it may do. */
export function isLacking(error: unknown): boolean {
  return error instanceof SelvedgeError && error.code === "storage-damaged";
}

/** Fetches what the device lacks of a variant of a pack that answers already in another, and counts it. */
export async function complete(
  { keeper, reporter }: Pick<LoadRooms, "keeper" | "reporter">,
  {
    wanted,
    signal,
    purpose = "load",
  }: Pick<Wanted, "wanted" | "signal"> & Pick<InstallHow, "purpose">,
): Promise<void> {
  const how = { role: "part", purpose } as const;
  const { version, dtype, fetchedBytes } = await keeper.call(
    (remote, call) => remote.install(call, wanted, undefined, undefined, how),
    signal,
  );
  const { name: model, backend } = wanted;
  reporter.recorder.fetched({ model, version, dtype, backend }, fetchedBytes);
}
