/** The keeper worker's entry: delivery, store and outbox. It never runs a model, so it never hangs. */
import { expose, type ProxyMethods, releaseProxy, transfer } from "comlink";
import { availability } from "../delivery/availability.ts";
import { install } from "../delivery/install.ts";
import { readAttachment, restorePack } from "../delivery/restore-pack.ts";
import type { DeliveryRooms } from "../delivery/rooms.ts";
import { Space } from "../delivery/space.ts";
import { Turns } from "../delivery/turns.ts";
import { Database } from "../store/database.ts";
import { clearPacks, listPacks, storedBytes } from "../store/packs.ts";
import { removePacks } from "../store/remove-packs.ts";
import { packUsage } from "../tabs/pack-usage.ts";
import { WebLocks } from "../tabs/web-locks.ts";
import { Outbox } from "../telemetry/outbox.ts";
import { Sender } from "../telemetry/sender.ts";
import { Calls } from "./calls.ts";
import type { KeeperApi, PackSelector } from "./keeper-api.ts";

const calls = new Calls();
const database = new Database();
const locks = new WebLocks(navigator.locks);
const usage = packUsage(locks);
const rooms: DeliveryRooms = { database, usage, space: new Space(database, { usage }) };
let registry = "";
const outbox = new Outbox(database);
let sender: Sender | undefined;
/** Two loads of one model share one download: the second finds what the first has stored. */
const installs = new Turns();

const api: KeeperApi = {
  start({ registry: folder, telemetry, cache = {} }, onSend) {
    registry = folder;
    rooms.space.limit(cache);
    if (telemetry === undefined) return;
    sender = new Sender(outbox, { ...telemetry, onSend });
    sender.wake();
  },

  install: (call, wanted, onProgress = () => undefined, onEngine?) =>
    calls.run(call, (signal) =>
      installs
        .take(modelKey(wanted), async () => {
          signal.throwIfAborted();
          return install(rooms, wanted, { signal, onProgress, onEngine });
        })
        .finally(() => {
          release(onProgress);
          if (onEngine !== undefined) release(onEngine);
        }),
    ),

  availability: (call, wanted) =>
    calls.run(call, (signal) =>
      availability(rooms, wanted, {
        signal,
        isDownloading: installs.isBusy(modelKey(wanted)),
      }),
    ),

  attachment: (call, pack, file) =>
    calls.run(call, (signal) => readAttachment(rooms, pack, { file, registry, signal })),

  restore: async (call, pack) => {
    const outcome = await calls.run(call, (signal) =>
      restorePack(rooms, pack, { registry, signal }),
    );
    const buffers = outcome.ok ? outcome.value.pieces.map(({ bytes }) => bytes) : [];
    return transfer(outcome, buffers);
  },

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

  enqueue: (call, batch) =>
    calls.run(call, async () => {
      await outbox.add(batch);
      sender?.wake();
    }),
  flush: (call) => calls.run(call, async () => sender?.flush()),
  cancel: (call) => calls.cancel(call),
};

function modelKey({ registry, name }: PackSelector): string {
  return registry + name;
}

/** A callback of the page holds a port open until it is given back. */
function release(callback: object): void {
  // comlink's proxies have this method, and no way to ask whether they have it.
  (callback as Partial<ProxyMethods>)[releaseProxy]?.();
}

expose(api);
