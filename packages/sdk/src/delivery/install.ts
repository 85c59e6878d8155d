import { SelvedgeError } from "@selvedge/protocol";
import type { ResolvedPack } from "../channel/resolve.ts";
import type { InstallRole } from "../store/activation-rules.ts";
import { findActive } from "../store/activations.ts";
import { chooseVariant } from "../store/choose-variant.ts";
import type { ActivationRecord } from "../store/database.ts";
import { neededBlobs, totalBytes } from "../store/packs.ts";
import type { EngineName } from "../worker/engine-api.ts";
import type { Installed, PackSelector, Progress } from "../worker/keeper-api.ts";
import { completePack, type Report } from "./complete-pack.ts";
import { findComplete } from "./find-complete.ts";
import type { Purpose } from "./metered.ts";
import { resolveUsable } from "./resolve-usable.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * Makes the pack a selector means complete and active: resolves it, and completes it (`completePack`).
 * What was stored before an error or an abort stays, and is not fetched again. Where a model is
 * answered for by another version already, one that cannot be stored is not fetched.
 *
 * @throws SelvedgeError whatever resolving and fetching throw; `network` says so where an earlier
 * version is whole.
 */
export async function install(
  rooms: DeliveryRooms,
  selector: PackSelector,
  {
    signal,
    onProgress,
    onEngine,
    role = "current",
    purpose,
  }: {
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
    onEngine?: ((engine: EngineName) => void) | undefined;
    role?: InstallRole | undefined;
    /** @default "load" */
    purpose?: Purpose | undefined;
  },
): Promise<Installed> {
  const { database } = rooms;
  const startedAt = performance.now();
  const report: Report = (phase, loaded, total) =>
    onProgress({ phase, file: selector.name, loaded, total });
  const active = await findActive(database, selector);
  try {
    const offered = role === "current" ? rooms.found.take(selector) : undefined;
    const pack = offered ?? (await resolveOrHeld(rooms, selector, { signal, active }));
    const resolvedAt = performance.now();
    const { digest, manifest } = pack;
    const variant = chooseVariant(manifest, selector);
    const { dtype, engine } = variant;
    onEngine?.(engine);
    const { current, lastGood, isProven = true } = active ?? {};
    const isUpdate = current !== undefined && current.digest !== digest;
    const completed = await completePack(
      rooms,
      {
        pack,
        variant,
        from: selector,
        selector,
        role,
        keep: [current, isProven ? undefined : lastGood].flatMap((choice) => choice?.digest ?? []),
        hasToBeStored: isUpdate && (await findComplete(database, current, selector)) !== undefined,
      },
      { signal, report, purpose },
    );
    return {
      digest,
      version: manifest.version,
      dtype,
      bytes: totalBytes(neededBlobs(manifest, variant)),
      ...completed,
      resolveMs: resolvedAt - startedAt,
      fetchMs: performance.now() - resolvedAt,
    };
  } catch (error) {
    throw await withWayBack(error, rooms, { selector, active });
  }
}

/** What the registry says; where it cannot be asked, what this keeper holds in memory. */
async function resolveOrHeld(
  rooms: DeliveryRooms,
  selector: PackSelector,
  { signal, active }: { signal: AbortSignal; active: ActivationRecord | undefined },
): Promise<ResolvedPack> {
  const { database } = rooms;
  try {
    return await resolveUsable(rooms, selector, signal);
  } catch (error) {
    const isHere = active !== undefined && database.memory.packs.has(active.current.digest);
    const held = isHere ? await findComplete(database, active.current, selector) : undefined;
    if (held === undefined || !isOffline(error)) throw error;
    return held;
  }
}

/** An error of a device that is offline says what else there is on it. */
async function withWayBack(
  error: unknown,
  { database }: DeliveryRooms,
  { selector, active }: { selector: PackSelector; active: ActivationRecord | undefined },
): Promise<unknown> {
  const lastGood = active?.lastGood;
  if (lastGood === undefined || !isOffline(error)) return error;
  const earlier = await findComplete(database, lastGood, selector);
  if (earlier === undefined) return error;
  const { digest, manifest } = earlier;
  return new SelvedgeError(
    "network",
    `${error.message} Version ${manifest.version}, which served here before, is whole on this device.`,
    { cause: error, detail: { ...error.detail, lastGood: digest } },
  );
}

function isOffline(error: unknown): error is SelvedgeError {
  return error instanceof SelvedgeError && error.code === "network";
}
