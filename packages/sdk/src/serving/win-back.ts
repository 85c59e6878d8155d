import { findGpu } from "../proving/gpu.ts";
import { whenIdle } from "../proving/when-idle.ts";
import type { Model } from "./model.ts";
import { pause } from "./pause.ts";
import { whenVisible } from "./when-visible.ts";

const FIRST_REST_MS = 60_000;

/** No GPU is waited for longer than this; one that has served for as long since is forgiven. */
const LONGEST_REST_MS = 60 * 60_000;

/** How a GPU is won back. */
export interface WinBackHow {
  /**
   * Has it prove itself anew, and take over where it does.
   *
   * @returns whether that is decided, and not worth trying again
   */
  readonly attempt: () => Promise<boolean>;
  /**
   * Milliseconds of answers without a failure before the first attempt.
   * @default 60000
   */
  readonly restMs?: number | undefined;
  readonly now?: () => number;
}

/**
 * Brings a GPU back that was lost, once the browser offers one again and what took over has answered
 * steadily for a while. A GPU is there again seconds after a reset or a sleep, and one that is broken
 * breaks again: each attempt waits for twice as long as the one before.
 */
export class WinBack {
  readonly #model: Pick<Model, "served" | "steadyMs" | "disposal">;
  readonly #attempt: () => Promise<boolean>;
  readonly #firstRestMs: number;
  readonly #now: () => number;
  #restMs = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  #isWaiting = false;

  constructor(
    model: Pick<Model, "served" | "steadyMs" | "disposal">,
    { attempt, restMs = FIRST_REST_MS, now = () => performance.now() }: WinBackHow,
  ) {
    this.#model = model;
    this.#attempt = attempt;
    this.#firstRestMs = restMs;
    this.#now = now;
  }

  /** Something else answers in the GPU's place. Resolves when it is back, or given up. Never rejects. */
  async lost(): Promise<void> {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    if (this.#now() - this.#triedAt > LONGEST_REST_MS) this.#restMs = this.#firstRestMs;
    const { digest } = this.#model.served.opened;
    while (await this.#isRested(digest)) {
      this.#restMs = Math.min(LONGEST_REST_MS, 2 * this.#restMs);
      this.#triedAt = this.#now();
      const { found } = await findGpu();
      if (found && (await this.#attempt().catch(() => false))) break;
    }
    this.#isWaiting = false;
  }

  /** Waits until it may be tried; `false` where nothing is to be won back any more. */
  async #isRested(digest: string): Promise<boolean> {
    const { disposal } = this.#model;
    for (;;) {
      const { host, opened } = this.#model.served;
      const isAway = host.backend === "wasm" && opened.digest === digest;
      if (!isAway || disposal.aborted) return false;
      const restedMs = Math.min(this.#model.steadyMs, this.#now() - this.#triedAt);
      if (restedMs >= this.#restMs) return true;
      await pause(this.#restMs - restedMs, disposal);
      await whenVisible(disposal);
      await whenIdle();
    }
  }
}
