import { type BlobRef, type Dtype, SelvedgeError } from "@selvedge/protocol";
import type { ResolvedPack } from "../channel/resolve.ts";
import type { InstallRole } from "../store/activation-rules.ts";
import { activate } from "../store/activations.ts";
import { chooseVariant } from "../store/choose-variant.ts";
import type { Database, PackRecord } from "../store/database.ts";
import { neededBlobs, totalBytes } from "../store/packs.ts";
import type { EngineName } from "../worker/engine-api.ts";
import type { Installed, PackSelector, Progress } from "../worker/keeper-api.ts";
import { deliver } from "./deliver.ts";
import type { Purpose } from "./metered.ts";
import { planDelivery } from "./plan-delivery.ts";
import { resolveUsable } from "./resolve-usable.ts";
import type { DeliveryRooms } from "./rooms.ts";

/**
 * A piece may vanish while others are fetched (another tab clears the cache); then it is fetched
 * again. So is a tensor whose delta came to nothing.
 */
const ROUNDS = 4;

/**
 * Makes the pack a selector means complete: resolves it, fetches the pieces the store
 * lacks or the deltas that lead to them, verifies each, stores it, and makes the pack visible at the
 * end, in its role, in one transaction. What was stored before an error or an abort stays, and is not fetched again.
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
  const report = (phase: Progress["phase"], loaded: number, total: number) =>
    onProgress({ phase, file: selector.name, loaded, total });
  report("resolve", 0, 0);
  const pack = await resolveUsable(rooms, selector, signal);
  const resolvedAt = performance.now();
  const variant = chooseVariant(pack.manifest, selector);
  const { dtype, engine } = variant;
  onEngine?.(engine);
  const needs = neededBlobs(pack.manifest, variant);
  let fetchedBytes = 0;
  const refused = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const plan = await planDelivery(database, { manifest: pack.manifest, variant, refused });
    const total = plan.heldBytes + plan.bytes;
    let loaded = plan.heldBytes;
    report("fetch", loaded, total);
    const onFetched = (bytes: number) => {
      fetchedBytes += bytes;
      loaded += bytes;
      report("fetch", loaded, total);
    };
    await deliver(rooms, plan, { ...selector, signal, purpose, onFetched, refused });
    if (await makeVisible(database, { pack, dtype, needs, selector, role }))
      return {
        digest: pack.digest,
        version: pack.manifest.version,
        dtype,
        bytes: totalBytes(needs),
        fetchedBytes,
        resolveMs: resolvedAt - startedAt,
        fetchMs: performance.now() - resolvedAt,
      };
  }
  throw new SelvedgeError(
    "storage-damaged",
    `${selector.name}: stored pieces kept disappearing while it was installed. Another tab may be clearing the cache; try again.`,
  );
}

function makeVisible(
  database: Database,
  {
    pack,
    dtype,
    needs,
    selector,
    role,
  }: {
    pack: ResolvedPack;
    dtype: Dtype;
    needs: readonly BlobRef[];
    selector: PackSelector;
    role: InstallRole;
  },
): Promise<boolean> {
  const { digest, text, manifest } = pack;
  const { name, version } = manifest;
  return activate(database, {
    pack: {
      digest,
      registry: selector.registry,
      name,
      version,
      manifest: text,
      dtype,
      ...signatureOf(pack, selector),
    },
    needs,
    selector,
    role,
  });
}

/** What a stored pack keeps of its signature, for pages with other keys and for `model.info`. */
function signatureOf(
  { signature }: ResolvedPack,
  { trust }: PackSelector,
): Pick<PackRecord, "signature" | "signedBy"> {
  if (signature === undefined || trust === undefined) return {};
  return { signature: signature.text, signedBy: { [trust]: signature.signedBy } };
}
