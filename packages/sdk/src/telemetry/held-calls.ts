import type { AnsweredCall, CallWatcher } from "./answered-call.ts";
import { outputBytes } from "./output-bytes.ts";
import type { Reporter } from "./reporter.ts";

/** Calls that are answered before the user's choice has been read: what comes later is passed over. */
const MOST_HELD = 64;

/** Outputs beyond this size are not copied to be looked at later. */
const MOST_COPIED_BYTES = 2 ** 20;

/**
 * Tells watchers of answered calls: at once where the user's choice is known, and otherwise once it has
 * been read, where it allows that. A watcher that throws is nobody else's concern.
 */
export class HeldCalls {
  readonly #reporter: Pick<Reporter, "state" | "isHeld" | "read">;
  readonly #watchers: readonly CallWatcher[];
  #held: AnsweredCall[] = [];
  #reading: Promise<void> | undefined;

  constructor(
    reporter: Pick<Reporter, "state" | "isHeld" | "read">,
    watchers: readonly CallWatcher[],
  ) {
    this.#reporter = reporter;
    this.#watchers = watchers;
  }

  answered(call: AnsweredCall): void {
    if (this.#reporter.isHeld) this.#hold(call);
    else this.#tell(call);
  }

  /** Resolves when no call is held any more. */
  async flush(): Promise<void> {
    await this.#reading;
  }

  /** Forgets the calls that nobody was told of yet. */
  forget(): void {
    this.#held = [];
  }

  #hold(call: AnsweredCall): void {
    const isWanted = this.#watchers.some((watcher) => watcher.wants(call));
    if (!isWanted || this.#held.length >= MOST_HELD) return;
    if (outputBytes(call.outputs) > MOST_COPIED_BYTES) return;
    // The outputs are the app's by the time that the user's choice has been read.
    this.#held.push({ ...call, outputs: structuredClone(call.outputs) });
    this.#reading ??= this.#release();
  }

  async #release(): Promise<void> {
    // Offline, a page may lack the chunk that reads it: asked for again with the next call.
    await this.#reporter.read().catch(() => undefined);
    this.#reading = undefined;
    const held = this.#held;
    this.#held = [];
    const { state, isHeld } = this.#reporter;
    if (!isHeld && (state === "enabled" || state === "off"))
      for (const call of held) this.#tell(call);
  }

  #tell(call: AnsweredCall): void {
    for (const { answered } of this.#watchers) {
      try {
        answered(call);
      } catch {
        // What is measured less is no reason to fail the app's call.
      }
    }
  }
}
