import type { OtlpBatch } from "@selvedge/protocol";
import type { Database } from "../store/database.ts";
import { freshDatabase } from "../store/fresh-database.fixture.ts";
import { batch, dropsIn, idsIn } from "./batch.fixture.ts";
import type { LeasedBatch } from "./lease-batches.ts";
import { Outbox } from "./outbox.ts";

export const DAY_MS: number = 24 * 60 * 60_000;
export const LIMITS = { maxBytes: 5 * 1024 * 1024, maxAgeMs: 7 * DAY_MS } as const;
export const ME = { owner: "me", endpoint: "https://collector.test/v1" } as const;
export const OTHER = { ...ME, owner: "other" } as const;
export const TAKEN = { kind: "taken", rejected: 0 } as const;

/** Ids of what was leased. */
export const ids = (leased: readonly LeasedBatch[]): string[] =>
  leased.flatMap((one) => idsIn(one.batch));

/** An outbox in a store that was empty, on a device whose clock a test sets. */
export class OutboxStage {
  readonly database: Database;
  outbox: Outbox;
  /** What the device's clock says. */
  now: number = Date.UTC(2026, 0, 1);

  static async start(): Promise<OutboxStage> {
    return new OutboxStage(await freshDatabase());
  }

  private constructor(database: Database) {
    this.database = database;
    this.outbox = this.open();
  }

  /** Another outbox over the same store, of another tab or a later visit. */
  open(
    limits: { maxBytes: number; maxAgeMs: number } = LIMITS,
    on: Database = this.database,
  ): Outbox {
    return new Outbox(on, limits, () => this.now);
  }

  async add(...batches: OtlpBatch[]): Promise<void> {
    for (const one of batches) await this.outbox.add(one);
  }

  /** What somebody may send now. */
  async lease(by: { owner: string; endpoint: string } = ME): Promise<readonly LeasedBatch[]> {
    const leased = await this.outbox.lease({ ...by, isUrgent: true });
    return leased.kind === "batches" ? leased.batches : [];
  }

  /** Takes everything out, request by request. */
  async drain(): Promise<OtlpBatch[][]> {
    const requests: OtlpBatch[][] = [];
    for (let next = await this.lease(); next.length > 0; next = await this.lease()) {
      requests.push(next.map((one) => one.batch));
      await this.outbox.settle(next, TAKEN, ME);
    }
    return requests;
  }

  /** What the next batch reports as given up, and what waits besides. */
  async reported(): Promise<Record<string, number>> {
    await this.add(batch("the next"));
    const all = (await this.drain()).flat().map(dropsIn);
    return Object.assign({}, ...all);
  }
}
