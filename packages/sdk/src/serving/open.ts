import { SelvedgeError } from "@selvedge/protocol";
import { proxy } from "comlink";
import type { LoadOptions } from "../options.ts";
import type { EngineName } from "../worker/engine-api.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import type { Choice, Installed, PackSelector, Progress } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import type { EngineHost } from "./engine-host.ts";
import type { HostOpened } from "./pack-opener.ts";

/** What was opened, and how it came to that. */
export interface FirstOpened {
  readonly opened: HostOpened;
  /** Absent where the store had everything. */
  readonly installed?: Installed;
  /** Whether it woke from an image that ships with it, so that its tensors are still to come. */
  readonly isShipped?: boolean;
  /** Why what answered last did not open, where the version before it was opened instead. */
  readonly setback?: SelvedgeError;
}

/** Who takes part. */
export interface OpenRooms {
  readonly host: EngineHost;
  readonly keeper: KeeperClient;
}

/**
 * Opens what answers for a selector. The engine looks into the store itself; the keeper is asked only
 * where nothing is there, or what is there was damaged. An engine that breaks is replaced once. Where what is there cannot be opened, nor be
 * mended, the version before it is.
 */
export async function openModel(
  rooms: OpenRooms,
  selector: PackSelector,
  options: LoadOptions,
): Promise<FirstOpened> {
  try {
    return await openOrInstall(rooms, selector, options).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (!breaksEngine(error)) throw error;
      rooms.host.restart(error);
      return openOrInstall(rooms, selector, options);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const back =
      error instanceof SelvedgeError
        ? await openLastGood(rooms, selector, { error, signal: options.signal })
        : undefined;
    if (back === undefined) throw error;
    return back;
  }
}

async function openOrInstall(
  rooms: OpenRooms,
  selector: PackSelector,
  { signal, onProgress }: LoadOptions,
): Promise<FirstOpened> {
  const { host, keeper } = rooms;
  const report = (progress: Progress) => {
    // What was under way in the keeper still arrives after an abort.
    if (!signal?.aborted) onProgress?.(progress);
  };
  const opening = host.open({ by: "selector", selector }, signal);
  const shipping = host.isFirst ? beginShipped(keeper, selector, signal) : undefined;
  const stored = await opening.catch((error: unknown) => {
    if (error instanceof SelvedgeError && error.code === "storage-damaged") return undefined;
    throw error;
  });
  if (stored !== undefined) return { opened: stored };
  if (shipping !== undefined) {
    const how = { ...shipping, signal, report };
    const shipped = await (await shipping.chunk)?.openShipped(rooms, selector, how);
    if (shipped !== undefined) return shipped;
  }
  // What the engine has begun to load may not be what this pack needs.
  const expectEngine = (engine: EngineName) => host.expect(engine);
  const installed = await keeper.call(
    (remote, call) =>
      remote.install(call, selector, onProgress && proxy(report), proxy(expectEngine)),
    signal,
  );
  const { bytes } = installed;
  report({ phase: "start", file: selector.name, loaded: bytes, total: bytes });
  const { name } = selector;
  const { digest, dtype, version } = installed;
  const origin = { name, version };
  return { opened: await host.openStored({ digest, dtype, origin }, signal), installed };
}

/** What a first visit asks for that may wake, while the engine looks into the store. */
function beginShipped(
  keeper: KeeperClient,
  selector: PackSelector,
  signal: AbortSignal | undefined,
) {
  const offer = keeper.call((remote, call) => remote.offer(call, selector), signal);
  // Where the store has the pack, nobody asks what came of it.
  offer.catch(() => undefined);
  // Its own chunk: only pages with keys have a use for it.
  return { offer, chunk: import("./open-shipped.ts").catch(() => undefined) };
}

/** Failures that are the pack's, or the engine's with it: it may open the second time, or never. */
const OF_THE_PACK = ["session-failed", "engine-crashed", "engine-timeout", "out-of-memory"];

/** Failures of the runtime or the device, which the version before would meet too. */
const OF_THE_PAGE = ["assets-missing", "closed", "disposed", "device-lost"];

/**
 * Opens the version before, where there is one. What fails twice, while that opens, is refused; what was
 * lost in part waits for the registry. Where neither opens, it is not the pack, and nothing is changed.
 */
async function openLastGood(
  { host, keeper }: OpenRooms,
  selector: PackSelector,
  { error, signal }: { error: SelvedgeError; signal: AbortSignal | undefined },
): Promise<FirstOpened | undefined> {
  if (OF_THE_PAGE.includes(error.code)) return undefined;
  const standing = await keeper
    .call((remote, call) => remote.standing(call, selector), signal)
    .catch(() => undefined);
  if (standing?.lastGood === undefined) return undefined;
  const { current, lastGood } = standing;
  const tryAfresh = (choice: Choice) => {
    host.restart(error);
    return host.openStored(choice, signal).catch(() => undefined);
  };
  const isOfPack = OF_THE_PACK.includes(error.code);
  // What took its engine down has been tried twice already.
  const again = isOfPack && !breaksEngine(error) ? await tryAfresh(current) : undefined;
  if (again !== undefined) return { opened: again };
  const opened = await tryAfresh(lastGood);
  if (opened === undefined) return undefined;
  const after = await keeper.call(
    (remote, call) => remote.settle(call, selector, current, isOfPack ? "refused" : "lost"),
    signal,
  );
  return after?.current.digest === lastGood.digest ? { opened, setback: error } : undefined;
}
