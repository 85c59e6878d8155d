/**
 * Bytes that may be in memory at once while they travel: pieces that are being received, and those
 * that wait to be written. Whoever needs a buffer asks here first, and gives its bytes back.
 */
export class InFlight {
  readonly #limit: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #held = 0;
  #peak = 0;

  /** @param limit bytes; one buffer that is larger still gets its turn, alone. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The most that was held at once, in bytes. */
  get peak(): number {
    return this.#peak;
  }

  /** Whether someone waits for room. */
  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  hasRoom(bytes: number): boolean {
    return this.#waiting.length === 0 && this.#fits(bytes);
  }

  /** Waits until there is room, and takes it. @throws the signal's reason */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.hasRoom(bytes)) return this.#hold(bytes);
    let abort = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const entry = { bytes, go: resolve };
        this.#waiting.push(entry);
        abort = () => {
          const index = this.#waiting.indexOf(entry);
          if (index === -1) return;
          this.#waiting.splice(index, 1);
          reject(signal.reason);
          this.#admit();
        };
        signal.addEventListener("abort", abort);
      });
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Gives room back. */
  give(bytes: number): void {
    this.#held -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#hold(next.bytes);
      next.go();
    }
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#limit;
  }

  #hold(bytes: number): void {
    this.#held += bytes;
    this.#peak = Math.max(this.#peak, this.#held);
  }
}
