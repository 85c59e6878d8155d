/** How often waiting senders are looked at. Timers are no finer than this on a busy machine. */
const TICK_MS = 4;

/**
 * One link that everything sent shares, as all connections of a page share the way to its device: a
 * token bucket that fills with time and is emptied in the order in which senders asked. What is not
 * used while nobody asks is lost, as it is on a wire.
 */
export class Link {
  #bytesPerMs;
  #waiting = [];
  #tokens = 0;
  #filledAt = 0;
  #timer;

  /** @param {number} bitsPerSecond `Infinity` for a link that holds nothing up */
  constructor(bitsPerSecond) {
    this.#bytesPerMs = bitsPerSecond / 8000;
  }

  /** Resolves once so many bytes have gone through. */
  async pass(bytes) {
    if (this.#bytesPerMs === Number.POSITIVE_INFINITY) return;
    await new Promise((resolve) => {
      this.#waiting.push({ bytes, resolve });
      if (this.#timer !== undefined) return this.#serve();
      this.#tokens = 0;
      this.#filledAt = performance.now();
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
    });
  }

  #tick() {
    const now = performance.now();
    this.#tokens += (now - this.#filledAt) * this.#bytesPerMs;
    this.#filledAt = now;
    if (this.#waiting.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#serve();
  }

  #serve() {
    while (this.#waiting.length > 0 && this.#waiting[0].bytes <= this.#tokens) {
      const { bytes, resolve } = this.#waiting.shift();
      this.#tokens -= bytes;
      resolve();
    }
  }
}
