import type { OtlpBatch } from "@selvedge/protocol";
import type { Consent } from "./consent.ts";
import type { Courier } from "./courier.ts";
import type { LazyCourier } from "./lazy-courier.ts";
import type { Gathered } from "./to-batch.ts";
import { UnsentBatches } from "./unsent.ts";

/** How long measurements gather before they go to the outbox. */
const GATHER_MS = 5_000;

/** What browsers let a page send while it goes away is 64 KB in all. */
const KEEPALIVE_BYTES = 60 * 1024;

/** What batches are made of, and what they go with. */
interface BatchProcessorOptions {
  readonly means: LazyCourier;
  readonly consent: Consent;
  readonly service: string;
  /** Takes what was measured since it was last asked. */
  readonly take: () => Gathered;
  /** Takes what was measured elsewhere and not sent yet, as the page goes away: answers at once. */
  readonly takeOthers: () => readonly OtlpBatch[];
}

/**
 * Takes what was measured to the outbox as batches: every few seconds, when asked, and as the page is
 * hidden. What no collector has acknowledged by the time the page goes away is sent by the page itself; its
 * id makes the second copy harmless.
 */
export class BatchProcessor {
  readonly #options: BatchProcessorOptions;
  readonly #means: LazyCourier;
  readonly #consent: Consent;
  readonly #unsent: UnsentBatches = new UnsentBatches(KEEPALIVE_BYTES);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Given up while nothing was there to tell it: points, records and spans. */
  #lost = 0;
  #isEnded = false;

  constructor(options: BatchProcessorOptions) {
    this.#options = options;
    this.#means = options.means;
    this.#consent = options.consent;
  }

  /** Something is measured after there was nothing: it goes on in a while. */
  gather(): void {
    if (this.#isEnded || !this.#consent.mayRecord) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#hand().catch(() => undefined), GATHER_MS);
    this.#means.prepare();
  }

  /** Hands over what was measured, and sends all there is. */
  async flush(): Promise<void> {
    if (!this.#consent.mayRecord && !this.#consent.isUnread) return;
    await this.#hand();
    const { courier } = await this.#means.load();
    if (!this.#isEnabled) return;
    await courier.flush();
    await courier.deliver(() => this.#unsent.refused, true);
  }

  /** Takes a batch that was made elsewhere. Resolves once it is stored, or could not be. */
  async send(batch: OtlpBatch): Promise<void> {
    // Whoever made it has it no more, and the chunk may be missing.
    this.#keep(batch);
    const { courier } = this.#means.loaded ?? (await this.#load(() => this.#unsent.refuse(batch)));
    if (!this.#isEnabled || !this.#unsent.has(batch)) return;
    const again = this.#unsent.takeRefused();
    await Promise.all([...again, batch].map((one) => this.#store(courier, one)));
    await courier.deliver(() => this.#unsent.refused);
  }

  /** Nothing more is to be done for these. */
  done(ids: readonly string[]): void {
    this.#unsent.done(ids);
  }

  /** The page is hidden: stores all, and sends what the browser takes of it. Never waited for. */
  hide(): void {
    if (this.#consent.mayRecord) void this.#hide().catch(() => undefined);
  }

  /**
   * The page goes away, or is frozen: nothing that is waited for comes back to it.
   *
   * @param isAway whether it may ask the store nothing any more
   */
  leave({ isAway }: { readonly isAway: boolean }): void {
    if (!this.#consent.mayRecord) return;
    const { loaded } = this.#means;
    // What is asked for now comes when it may ask the store nothing; it keeps what it has, should it come back.
    if (isAway && loaded === undefined) return;
    void this.#leaveAll().catch(() => undefined);
    if (this.#isEnabled) loaded?.courier.sendLast(this.#unsent.last);
  }

  /** The page is back: there may be no other to send what it left. */
  comeBack(): void {
    if (this.#isEnabled) this.#means.loaded?.courier.wake();
  }

  /** Forgets what was handed over and not sent. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#unsent.clear();
    this.#lost = 0;
  }

  /** Gathers no more. */
  end(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
  }

  get #isEnabled(): boolean {
    return this.#consent.state === "enabled";
  }

  async #hide(): Promise<void> {
    await this.#leaveAll();
    if (this.#isEnabled) await this.#means.loaded?.courier.leave();
  }

  /** All is given to the store before anything is waited for. */
  async #leaveAll(): Promise<void> {
    const isReady = this.#means.loaded !== undefined;
    const handing = this.#hand((batch) => this.#keep(batch));
    if (!isReady) await handing;
    if (!this.#isEnabled) return;
    for (const batch of this.#options.takeOthers()) this.#keep(batch);
    await Promise.all([handing, this.#leaveBehind(this.#unsent.takeUnstored())]);
  }

  async #hand(
    take: (batch: OtlpBatch) => Promise<void> | void = (batch) => this.send(batch),
  ): Promise<void> {
    clearTimeout(this.#timer);
    const { toBatches } = this.#means.loaded ?? (await this.#load());
    const gathered = this.#options.take();
    if (!this.#isEnabled) return;
    const batches = [...this.#unsent.takeRefused(), ...toBatches(gathered, this.#options.service)];
    // All are taken over before anything is waited for, as the page may be going away.
    await Promise.all(batches.map(take));
  }

  /** Offline, a page may lack the chunk: what there is waits for the next time. */
  async #load(onMissing?: () => void): ReturnType<LazyCourier["load"]> {
    try {
      const means = await this.#means.load();
      this.#tellLost();
      return means;
    } catch (error) {
      onMissing?.();
      this.gather();
      throw error;
    }
  }

  /** Keeps it in memory until it is stored or sent. What was there for longest has to go for it. */
  #keep(batch: OtlpBatch): void {
    this.#lost += this.#unsent.add(batch);
    this.#tellLost();
  }

  #tellLost(): void {
    const { courier } = this.#means.loaded ?? {};
    if (courier === undefined) return;
    courier.dropped({ unconfirmed: this.#lost });
    this.#lost = 0;
  }

  async #store(courier: Courier, batch: OtlpBatch): Promise<void> {
    try {
      await courier.add(batch);
      this.#unsent.stored(batch);
    } catch {
      this.#unsent.refuse(batch);
    }
  }

  /** The store may have been asked to keep them already, in a way that takes longer: a repeat is harmless. */
  async #leaveBehind(batches: readonly OtlpBatch[]): Promise<void> {
    if (batches.length === 0) return;
    try {
      await this.#means.loaded?.courier.leaveBehind(batches);
      for (const batch of batches) this.#unsent.stored(batch);
    } catch {
      for (const batch of batches) this.#unsent.refuse(batch);
    }
  }
}
