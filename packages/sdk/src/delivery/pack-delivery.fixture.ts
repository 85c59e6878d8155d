import { PIECE_BYTES, pieceRange } from "@selvedge/protocol";
import { expect, vi } from "vitest";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { type BuiltPack, buildPack, firstVariant } from "../store/pack.fixture.ts";
import { neededBlobs } from "../store/packs.ts";
import { readBlobs } from "../store/pieces.ts";
import type { Installed } from "../worker/keeper-api.ts";
import { install } from "./install.ts";
import type { Network } from "./network.ts";
import { FakeRegistry, type SeenRequest, select } from "./registry.fixture.ts";
import { networkOf, roomsOf } from "./rooms.fixture.ts";

export const MIB = PIECE_BYTES;

/** How a pack is installed. */
interface InstallHow {
  readonly network?: Partial<Network>;
  readonly signal?: AbortSignal;
  readonly purpose?: "load" | "update";
}

/** A pack whose one tensor takes several requests. */
export function buildLargePack(): Promise<BuiltPack> {
  return buildPack({ tensors: [pattern(11 * MIB + 1000, 1)] });
}

/** Bytes of which no two pieces are alike. */
export function pattern(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, bytes).slice();
}

/** A pack on its way from a registry, which a test makes misbehave, into a store that was empty. */
export class PackDelivery {
  readonly registry: FakeRegistry;
  pack: BuiltPack;
  database: Database;

  private constructor(pack: BuiltPack, database: Database) {
    this.registry = new FakeRegistry([pack]);
    this.pack = pack;
    this.database = database;
    vi.stubGlobal("fetch", this.registry.fetch);
  }

  /** Takes the place of the global `fetch`, for `vi.unstubAllGlobals` to undo. */
  static async of(pack: BuiltPack): Promise<PackDelivery> {
    return new PackDelivery(pack, await freshDatabase());
  }

  /** Serves another pack from now on. */
  publish(pack: BuiltPack): void {
    this.pack = pack;
    this.registry.publish(pack);
  }

  /** Empties the store, and forgets what was asked. */
  async startOver(): Promise<void> {
    this.database = await freshDatabase();
    this.registry.requests.length = 0;
  }

  install({
    network = {},
    signal = new AbortController().signal,
    purpose,
  }: InstallHow = {}): Promise<Installed> {
    const rooms = roomsOf(this.database, networkOf(network));
    return install(rooms, select(), { signal, purpose, onProgress: () => undefined });
  }

  /** Answers requests for model bytes, the first of which has the number 1. */
  onSegment(
    answer: (request: SeenRequest, number: number) => ReturnType<FakeRegistry["intercept"]>,
  ): void {
    const { registry } = this;
    registry.intercept = (request) =>
      request.path.includes("/segments/")
        ? answer(request, registry.segmentRequests.length)
        : undefined;
  }

  /** What was asked of the segment, `undefined` for all of it. */
  ranges(): SeenRequest["range"][] {
    return this.registry.segmentRequests.map(({ range }) => range);
  }

  /** The blobs of the pack. */
  needs(): ReturnType<typeof neededBlobs> {
    const { manifest } = this.pack;
    return neededBlobs(manifest, firstVariant(manifest));
  }

  /** Where a piece of the large tensor lies in its segment. */
  rangeOf(index: number): [start: number, end: number] {
    const [, large] = this.needs();
    const { start, end } = pieceRange(large?.bytes ?? 0, index);
    return [(large?.at.offset ?? 0) + start, (large?.at.offset ?? 0) + end];
  }

  /** Takes pieces of the large tensor out of the store, so that there are gaps to fill. */
  async losePieces(...indexes: readonly number[]): Promise<void> {
    const [, large] = this.needs();
    await this.database.use("losing pieces", async (connection) => {
      for (const index of indexes) await connection.delete("pieces", [large?.sha256 ?? "", index]);
    });
    this.registry.requests.length = 0;
  }

  /** Every byte of the pack is in the store, and was verified. */
  async expectInstalled(): Promise<void> {
    const buffers = await readBlobs(this.database, this.needs());
    const bytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBe(this.pack.segment.byteLength);
  }
}
