/** The part of a GPUDevice that is watched, as TypeScript's own library lacks it. */
export interface WatchedDevice {
  readonly lost: Promise<{ readonly message: string }>;
}

/** How long a run that failed waits for the news that its device is gone: the two race. */
const NEWS_MS = 100;

/**
 * Knows whether a GPU device is gone. onnxruntime-web rejects the run that a loss hits, if it ever
 * settles, and the one after that blocks its worker for good.
 */
export class DeviceWatch {
  readonly #lost: Promise<void>;
  readonly #waiting = new Set<(reason: Error) => void>();
  #reason: Error | undefined;

  constructor(device: WatchedDevice) {
    this.#lost = device.lost.then(({ message }) => {
      const reason = new Error(message || "the device was lost");
      this.#reason = reason;
      for (const reject of this.#waiting) reject(reason);
    });
  }

  get isLost(): boolean {
    return this.#reason !== undefined;
  }

  /** Runs something on the device; rejects at once where that is gone, or goes meanwhile. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#reason !== undefined) throw this.#reason;
    // Each run takes its place back: reactions to one promise would pile up for as long as it stands.
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      task()
        .catch(async (error: unknown) => {
          await this.#news();
          throw error;
        })
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }

  /** Settles once it is known whether a failure was the device's. */
  async #news(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, NEWS_MS);
    });
    await Promise.race([this.#lost, late]);
    clearTimeout(timer);
  }
}
