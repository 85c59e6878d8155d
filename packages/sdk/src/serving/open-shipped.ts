import type { BlobRef } from "@selvedge/protocol";
import { proxy } from "comlink";
import type { PackOffer, PackSelector, Progress } from "../worker/keeper-api.ts";
import type { FirstOpened, OpenRooms } from "./open.ts";

/** What was asked for ahead, and who waits for it. */
interface Shipping {
  readonly offer: Promise<PackOffer | undefined>;
  readonly signal: AbortSignal | undefined;
  readonly report: (progress: Progress) => void;
}

/**
 * Opens a pack that the store has nothing of by waking it from an image that ships with it: what that
 * takes is fetched, and the pack's tensors are left to whatever comes behind the first answer. A pack that
 * cannot be had so is to be loaded, and the host says why.
 *
 * @returns `undefined` where it is to be installed and loaded
 * @throws what installing it would throw, too: that it is not to be had, or not to be believed
 */
export async function openShipped(
  { host, keeper }: OpenRooms,
  selector: PackSelector,
  { signal, report, ...asked }: Shipping,
): Promise<FirstOpened | undefined> {
  const offer = await asked.offer;
  try {
    if (offer === undefined) throw new Error("it is in the store, or cannot be kept there");
    const startedAt = performance.now();
    const { blobs, dtype } = await host.consider(offer, signal);
    const fetchedBytes = await keeper.call(
      (remote, call) => remote.fetchOffered(call, selector, blobs, proxy(report)),
      signal,
    );
    const fetchedAt = performance.now();
    report({ phase: "start", file: selector.name, loaded: fetchedBytes, total: fetchedBytes });
    const opened = await host.open({ by: "image" }, signal);
    if (opened === undefined) throw new Error("a pack opened by image is there or throws");
    const { digest, version } = offer;
    return {
      opened,
      installed: {
        ...{ digest, version, dtype, fetchedBytes, bytes: bytesOf(blobs) },
        storage: { kind: "memory", reason: "its tensors are still to come" },
        resolveMs: offer.resolveMs,
        fetchMs: fetchedAt - startedAt,
      },
      isShipped: true,
    };
  } catch (error) {
    signal?.throwIfAborted();
    host.loadInstead(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
}

/** What waking took: the tensors are no part of it. Golden answers may come twice. */
function bytesOf(blobs: readonly BlobRef[]): number {
  const each = new Map(blobs.map(({ sha256, bytes }) => [sha256, bytes]));
  return [...each.values()].reduce((sum, bytes) => sum + bytes, 0);
}
