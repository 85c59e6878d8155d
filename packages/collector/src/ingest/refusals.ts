/** Why a single point or record is not kept, while the rest of its request is. */
export class Refusal extends Error {}

/** Counts what is refused, for the answer's `partialSuccess`. */
export class Refusals {
  #count = 0;
  readonly #reasons = new Map<string, number>();

  get count(): number {
    return this.#count;
  }

  add(reason: string, count = 1): void {
    this.#count += count;
    // Reasons are few, but a request must not be able to make the answer long.
    if (this.#reasons.size < 8 || this.#reasons.has(reason))
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }

  /** Runs `read`; a `Refusal` is counted and gives `undefined`. */
  keep<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.add(error.message);
      return undefined;
    }
  }

  get message(): string {
    return [...this.#reasons].map(([reason, count]) => `${count} × ${reason}`).join("; ");
  }
}
