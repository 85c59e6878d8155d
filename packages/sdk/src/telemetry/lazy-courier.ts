import { chunkMissing } from "../chunk-missing.ts";
import type { Consent } from "./consent.ts";
import type { Courier, CourierHooks, CourierSettings } from "./courier.ts";

/** What batches are written and sent with. */
interface Means {
  readonly toBatches: typeof import("./to-batch.ts").toBatches;
  readonly courier: Courier;
}

/** Who is told what becomes of batches, and of consent. */
interface Hooks extends Omit<CourierHooks, "isWanted" | "onErased"> {
  /** What was measured and not stored is to be forgotten. */
  readonly onForget: () => void;
}

/** Loads what telemetry stores and sends with, or remembers and erases where it sends nothing. */
export function loadCourier(): Promise<typeof import("./courier.ts")> {
  return import("./courier.ts").catch(chunkMissing);
}

/**
 * What batches are written and sent with, as chunks of their own: there well before the first batch is
 * due, and no page waits for them. Whoever opens it reads the user's choice by that.
 */
export class LazyCourier {
  readonly #settings: CourierSettings;
  readonly #consent: Consent;
  readonly #hooks: Hooks;
  #calm: Promise<void> = Promise.resolve();
  #loading: Promise<Means> | undefined;
  #loaded: Means | undefined;
  #isEnded = false;

  constructor(settings: CourierSettings, consent: Consent, hooks: Hooks) {
    this.#settings = settings;
    this.#consent = consent;
    this.#hooks = hooks;
  }

  /** It, once it is there. */
  get loaded(): Means | undefined {
    return this.#loaded;
  }

  /** @throws SelvedgeError `network` where a chunk cannot be loaded; asked for again, it is tried again */
  load(): Promise<Means> {
    this.#loading ??= this.#open().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  /**
   * Loads it where anything is to be sent: a page that goes away has no time for it. Never waited for.
   *
   * @param calm resolves when what waits from earlier visits may be sent; as before where it is left out
   */
  prepare(calm: Promise<void> = this.#calm): void {
    this.#calm = calm;
    if (this.#consent.mayRecord || this.#consent.isUnread) void this.load().catch(() => undefined);
  }

  /** Sends nothing more. */
  end(): void {
    this.#isEnded = true;
    this.#loaded?.courier.end();
  }

  async #open(): Promise<Means> {
    const consent = this.#consent;
    const [{ toBatches }, { Courier }] = await Promise.all([
      import("./to-batch.ts").catch(chunkMissing),
      loadCourier(),
    ]);
    const courier = new Courier(this.#settings, {
      ...this.#hooks,
      onErased: this.#hooks.onForget,
      isWanted: () => consent.mayRecord,
    });
    const choice = await courier.choice();
    if (this.#isEnded) courier.end();
    if (consent.isUnread) consent.choice = choice;
    if (!consent.mayRecord) this.#hooks.onForget();
    else void this.#calm.then(() => courier.wake());
    this.#loaded = { toBatches, courier };
    return this.#loaded;
  }
}
