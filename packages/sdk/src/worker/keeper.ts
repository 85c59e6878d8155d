/** The keeper worker's entry: delivery and store. It never runs a model, so it never hangs. */
import { expose, type ProxyMethods, releaseProxy, transfer } from "comlink";
import { Trust } from "../channel/trust.ts";
import { availability } from "../delivery/availability.ts";
import { findUpdate } from "../delivery/find-update.ts";
import { FoundManifests } from "../delivery/found-manifests.ts";
import { install } from "../delivery/install.ts";
import { browserNetwork } from "../delivery/network.ts";
import { fetchOffered, offerPack } from "../delivery/offer-pack.ts";
import { packContents } from "../delivery/pack-contents.ts";
import { readAttachment, restorePack } from "../delivery/restore-pack.ts";
import type { DeliveryRooms } from "../delivery/rooms.ts";
import { Space } from "../delivery/space.ts";
import { findActive, settle, standingOf } from "../store/activations.ts";
import { Database } from "../store/database.ts";
import { clearImages, forgetImages, tidyImages } from "../store/images.ts";
import { clearPacks, listPacks, storedBytes } from "../store/packs.ts";
import { removePacks } from "../store/remove-packs.ts";
import { putVerdict, verdictsOf } from "../store/verdicts.ts";
import { findLocks } from "../tabs/find-locks.ts";
import { inTurn } from "../tabs/in-turn.ts";
import { modelKey } from "../tabs/model-key.ts";
import { OwnLocks } from "../tabs/own-locks.ts";
import { packUsage } from "../tabs/pack-usage.ts";
import { UsedPacks } from "../tabs/used-packs.ts";
import { Calls } from "./calls.ts";
import type { KeeperApi } from "./keeper-api.ts";
import { outcomeOf, unwrap } from "./outcome.ts";
import { pageFetch } from "./page-fetch.ts";

const calls = new Calls();
const database = new Database();
const locks = findLocks(database);
const usedPacks = new UsedPacks(locks);
const usage = packUsage(locks);
/** Images of this page's models have one beginning: whoever comes second finds it stored. */
const images = new OwnLocks();
const space = new Space(database, { usage });
let rooms: DeliveryRooms = {
  database,
  network: browserNetwork(),
  found: new FoundManifests(),
  usage,
  space,
};
let folder = "";

const api: KeeperApi = {
  start({ registry, anchors, cache = {}, ...how }, page) {
    const { meteredDownloads = "foreground" } = how;
    folder = registry;
    space.limit(cache);
    // Whoever may not keep images may have kept some before.
    if (cache.images === false) clearImages(database).catch(() => undefined);
    const own = page && { fetch: pageFetch(page) };
    rooms = { ...rooms, network: browserNetwork({ meteredDownloads, ...own }) };
    if (anchors !== undefined)
      rooms = {
        ...rooms,
        trust: new Trust(anchors, { registry, database, network: rooms.network }),
      };
  },

  install: (call, wanted, onProgress = () => undefined, onEngine?, how = {}) =>
    calls.run(call, (signal) =>
      inTurn(locks, wanted, {
        signal,
        onProgress,
        install: (report) =>
          install(rooms, wanted, { ...how, signal, onProgress: report, onEngine }),
      }).finally(() => {
        release(onProgress);
        if (onEngine !== undefined) release(onEngine);
      }),
    ),

  offer: (call, wanted) => calls.run(call, (signal) => offerPack(rooms, wanted, signal)),

  fetchOffered: (call, wanted, blobs, onProgress = () => undefined) =>
    calls.run(call, (signal) =>
      inTurn(locks, wanted, {
        signal,
        onProgress,
        // What others wait for is the model, and that may well be had where its image may not.
        install: (report) =>
          outcomeOf(() =>
            images.run(
              "image",
              () => fetchOffered(rooms, wanted, { blobs, signal, onProgress: report }),
              { signal },
            ),
          ),
      })
        .then(unwrap)
        .finally(() => release(onProgress)),
    ),

  availability: (call, wanted) =>
    calls.run(call, async (signal) => {
      const downloads = await rooms.usage.downloads();
      const isDownloading = downloads.has(modelKey(wanted));
      return availability(rooms, wanted, { signal, isDownloading });
    }),

  contents: (call, wanted, backends) =>
    calls.run(call, (signal) => packContents(rooms, wanted, { backends, signal })),

  hold: (call, digest) => calls.run(call, () => usedPacks.hold(digest)),
  release: (call, digest) => calls.run(call, () => usedPacks.release(digest)),

  findUpdate: (call, wanted, loaded) =>
    calls.run(call, (signal) => findUpdate(rooms, wanted, { loaded, signal })),
  standing: (call, wanted) =>
    calls.run(call, async () => standingOf(await findActive(database, wanted))),
  settle: (call, wanted, choice, verdict) =>
    calls.run(call, async () => {
      const standing = standingOf(await settle(database, { selector: wanted, choice, verdict }));
      // What answers for nothing any more is not woken any more.
      tidyImages(database).catch(() => undefined);
      return standing;
    }),

  verdicts: (call, digest) => calls.run(call, () => verdictsOf(database, digest)),
  judge: (call, key, record) => calls.run(call, () => putVerdict(database, key, record)),

  attachment: (call, pack, file) =>
    calls.run(call, (signal) => readAttachment(rooms, pack, { file, registry: folder, signal })),

  restore: async (call, pack) => {
    const outcome = await calls.run(call, (signal) =>
      restorePack(rooms, pack, { registry: folder, signal }),
    );
    const buffers = outcome.ok ? outcome.value.pieces.map(({ bytes }) => bytes) : [];
    return transfer(outcome, buffers);
  },

  dropImages: (call, digest, of) =>
    calls.run(call, () =>
      forgetImages(database, ({ pack, dtype }) => pack === digest && dtype === of),
    ),

  list: (call) =>
    calls.run(call, async () =>
      listPacks(database, await usage.inUse().catch(() => new Set<string>())),
    ),
  size: (call) => calls.run(call, () => storedBytes(database)),
  remove: (call, name, version) =>
    calls.run(call, () =>
      removePacks(
        database,
        (pack) => pack.name === name && (version === undefined || pack.version === version),
      ),
    ),
  clear: (call) => calls.run(call, () => clearPacks(database)),

  cancel: (call) => calls.cancel(call),
};

/** A callback of the page holds a port open until it is given back. */
function release(callback: object): void {
  // comlink's proxies have this method, and no way to ask whether they have it.
  (callback as Partial<ProxyMethods>)[releaseProxy]?.();
}

expose(api);
