/** The keeper worker's entry: delivery, store and outbox. It never runs a model, so it never hangs. */
import { SelvedgeError } from "@selvedge/protocol";
import { expose, type ProxyMethods, releaseProxy } from "comlink";
import { availability } from "../delivery/availability.ts";
import { install } from "../delivery/install.ts";
import type { DeliveryRooms } from "../delivery/rooms.ts";
import { Turns } from "../delivery/turns.ts";
import { Database } from "../store/database.ts";
import { clearPacks, findPack, listPacks, removePacks, storedBytes } from "../store/packs.ts";
import { readBlobs } from "../store/pieces.ts";
import { packUsage } from "../tabs/pack-usage.ts";
import { WebLocks } from "../tabs/web-locks.ts";
import { Outbox } from "../telemetry/outbox.ts";
import { Sender } from "../telemetry/sender.ts";
import { Calls } from "./calls.ts";
import type { KeeperApi, PackSelector } from "./keeper-api.ts";

const calls = new Calls();
const database = new Database();
const locks = new WebLocks(navigator.locks);
const rooms: DeliveryRooms = { database, usage: packUsage(locks) };
const outbox = new Outbox(database);
let sender: Sender | undefined;
/** Two loads of one model share one download: the second finds what the first has stored. */
const installs = new Turns();

const api: KeeperApi = {
  start({ telemetry }, onSend) {
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

  attachment: (call, digest, name) =>
    calls.run(call, async () => {
      const pack = await findPack(database, digest);
      const attachment = pack?.manifest.attachments.find((file) => file.name === name);
      if (pack === undefined)
        throw new SelvedgeError(
          "storage-damaged",
          `The pack ${digest} is no longer in the store: the cache was cleared, or the browser evicted it. Load the model again.`,
        );
      if (attachment === undefined)
        throw new SelvedgeError(
          "attachment-missing",
          `${pack.record.name}@${pack.record.version} has no attachment "${name}" (it has: ${pack.manifest.attachments.map((file) => file.name).join(", ") || "none"}).`,
        );
      const [bytes] = await readBlobs(database, [attachment]);
      return new Uint8Array(bytes ?? new ArrayBuffer(0));
    }),

  list: (call) => calls.run(call, () => listPacks(database)),
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
