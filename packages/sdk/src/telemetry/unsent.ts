import type { OtlpBatch } from "@selvedge/protocol";
import { batchIdOf, itemsOf } from "./outbox-record.ts";

/** More than the page could send on its way out; older ones are given up. */
const MOST_UNSTORED = 16;

interface Unsent {
  readonly batch: OtlpBatch;
  readonly bytes: number;
  /** Whether the store has it, has turned it down, or has not answered yet: `left` as the page went away. */
  standing: "new" | "left" | "stored" | "refused";
}

/**
 * What this page made and no collector has acknowledged yet, for the moment that the page goes away:
 * then the store can no longer be asked.
 */
export class UnsentBatches {
  readonly #all = new Map<string, Unsent>();
  readonly #mostBytes: number;

  /** @param mostBytes what the page can send on its way out */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** @returns how many points, records or spans had to be given up for it, that no store has */
  add(batch: OtlpBatch): number {
    const { byteLength } = new TextEncoder().encode(JSON.stringify(batch.body));
    this.#all.set(batchIdOf(batch), { batch, bytes: byteLength, standing: "new" });
    return this.#trim();
  }

  /** Whether it is still to be sent: not forgotten, or given up, or sent by another way. */
  has(batch: OtlpBatch): boolean {
    return this.#all.has(batchIdOf(batch));
  }

  /** The store has it: it may be forgotten here without loss. */
  stored(batch: OtlpBatch): void {
    const unsent = this.#all.get(batchIdOf(batch));
    if (unsent !== undefined) unsent.standing = "stored";
    this.#trim();
  }

  /** The store did not take it. */
  refuse(batch: OtlpBatch): void {
    const unsent = this.#all.get(batchIdOf(batch));
    if (unsent !== undefined) unsent.standing = "refused";
  }

  /** What the store has turned down so far, to be brought to it again. */
  takeRefused(): readonly OtlpBatch[] {
    const again = [...this.#all.values()].filter(({ standing }) => standing === "refused");
    for (const unsent of again) unsent.standing = "new";
    return again.map(({ batch }) => batch);
  }

  done(ids: readonly string[]): void {
    for (const id of ids) this.#all.delete(id);
  }

  clear(): void {
    this.#all.clear();
  }

  /** What the store has turned down. */
  get refused(): readonly OtlpBatch[] {
    const all = [...this.#all.values()].filter(({ standing }) => standing === "refused");
    return all.map(({ batch }) => batch);
  }

  /** What no store is known to have, to be left there as the page goes away: each once. */
  takeUnstored(): readonly OtlpBatch[] {
    const isUnstored = ({ standing }: Unsent) => standing === "new" || standing === "refused";
    const unstored = [...this.#all.values()].filter(isUnstored);
    for (const unsent of unstored) unsent.standing = "left";
    return unstored.map(({ batch }) => batch);
  }

  /** What fits into what the page may send on its way out, what no store has first. */
  get last(): readonly OtlpBatch[] {
    let room = this.#mostBytes;
    const rank = ({ standing }: Unsent) => Number(standing === "stored");
    const all = [...this.#all.values()].sort((a, b) => rank(a) - rank(b));
    return all
      .filter(({ bytes }) => {
        if (bytes > room) return false;
        room -= bytes;
        return true;
      })
      .map(({ batch }) => batch);
  }

  #trim(): number {
    let stored = this.#mostBytes;
    let unstored = MOST_UNSTORED;
    let lost = 0;
    for (const [id, { batch, bytes, standing }] of [...this.#all].reverse()) {
      const isStored = standing === "stored";
      if (isStored) stored -= bytes;
      else unstored -= 1;
      if (isStored ? stored >= 0 : unstored >= 0) continue;
      this.#all.delete(id);
      if (!isStored) lost += itemsOf(batch);
    }
    return lost;
  }
}
