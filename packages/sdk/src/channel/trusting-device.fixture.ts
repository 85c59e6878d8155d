import { type PrivateJwk, publicHalf, SelvedgeError } from "@selvedge/protocol";
import { vi } from "vitest";
import { availability } from "../delivery/availability.ts";
import { install } from "../delivery/install.ts";
import { FakeRegistry, REGISTRY, select } from "../delivery/registry.fixture.ts";
import { networkOf, roomsOf } from "../delivery/rooms.fixture.ts";
import type { PublicKeys } from "../public-keys.ts";
import { findActive } from "../store/activations.ts";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, noise } from "../store/pack.fixture.ts";
import { findPack } from "../store/packs.ts";
import type { Installed, PackSelector } from "../worker/keeper-api.ts";
import { anchorsFor, newKey, promotePack, signPack } from "./signed-registry.fixture.ts";
import { Trust } from "./trust.ts";

export const DAY_MS = 24 * 60 * 60 * 1000;

/** A device with an empty store, and a registry whose packs and channels are signed. */
export class TrustingDevice {
  readonly database: Database;
  /** What is promoted, as 1.0.0. */
  readonly pack: BuiltPack;
  /** What is there too, as 2.0.0. */
  readonly next: BuiltPack;
  readonly registry: FakeRegistry;
  readonly packKey: PrivateJwk;
  readonly channelKey: PrivateJwk;
  /** A key that has signed nothing yet. */
  readonly otherKey: PrivateJwk;

  private constructor(
    database: Database,
    packs: readonly [pack: BuiltPack, next: BuiltPack],
    keys: readonly [pack: PrivateJwk, channel: PrivateJwk, other: PrivateJwk],
  ) {
    this.database = database;
    [this.pack, this.next] = packs;
    [this.packKey, this.channelKey, this.otherKey] = keys;
    this.registry = new FakeRegistry([this.next, this.pack]);
    vi.stubGlobal("fetch", this.registry.fetch);
  }

  /** Its registry takes the place of the global `fetch`, for `vi.unstubAllGlobals` to undo. */
  static async make(): Promise<TrustingDevice> {
    const database = await freshDatabase();
    const pack = await buildPack({ tensors: [noise(5000, 1)] });
    const next = await buildPack({ version: "2.0.0", tensors: [noise(5000, 2)] });
    const keys = await Promise.all([newKey(), newKey(), newKey()]);
    const device = new TrustingDevice(database, [pack, next], keys);
    for (const each of [pack, next]) await signPack(device.registry, each, device.packKey);
    await promotePack(device.registry, pack, device.channelKey);
    return device;
  }

  /** The keys that a page is given. */
  roles() {
    return { pack: [publicHalf(this.packKey)], channel: [publicHalf(this.channelKey)] };
  }

  /** What a page's keeper does for a load: a fresh keeper each time, as after a reload. */
  async keeper(publicKeys: PublicKeys = this.roles()) {
    const { database } = this;
    const { anchors, trust } = await anchorsFor(publicKeys);
    const rooms = {
      ...roomsOf(database),
      trust: new Trust(anchors, { registry: REGISTRY, database, network: networkOf() }),
    };
    const selector = (more: Partial<PackSelector> = {}) => select({ trust, ...more });
    const signal = new AbortController().signal;
    return {
      load: (more?: Partial<PackSelector>): Promise<Installed> =>
        install(rooms, selector(more), { signal, onProgress: () => undefined }),
      availability: () => availability(rooms, selector(), { signal, isDownloading: false }),
      active: async () => (await findActive(database, selector()))?.current.digest,
      signedBy: async (digest: string) =>
        (await findPack(database, digest))?.record.signedBy?.[trust],
    };
  }

  /** Loads as a page does that was given no keys. */
  loadWithoutKeys(): Promise<Installed> {
    const signal = new AbortController().signal;
    return install(roomsOf(this.database), select(), { signal, onProgress: () => undefined });
  }

  goOffline(): void {
    this.registry.intercept = () => {
      throw new TypeError("offline");
    };
  }

  /** What was asked of the registry. */
  paths(): string[] {
    return this.registry.requests.map(({ path }) => path);
  }
}

/** What a load is refused with. */
export async function refusal(load: Promise<unknown>): Promise<SelvedgeError> {
  const error: unknown = await load.then(
    () => "it was not refused",
    (reason: unknown) => reason,
  );
  if (error instanceof SelvedgeError) return error;
  throw new Error(`expected a SelvedgeError, got ${String(error)}`);
}
