import { whenIdle } from "../proving/when-idle.ts";

/** How long a model that has just been loaded is left alone while nothing is asked of it. */
const PATIENCE_MS = 1_000;

/**
 * Tells when things may be done that nobody waits for: once the first call of a model is over, or none has
 * come for a second. A worker that starts beside that call makes it more than twice as long on two cores.
 */
export class Calm {
  readonly comes: Promise<void>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #come: () => void = () => undefined;

  constructor() {
    const over = new Promise<void>((resolve) => {
      this.#come = resolve;
    });
    this.#timer = setTimeout(() => this.over(), PATIENCE_MS);
    this.comes = over.then(whenIdle);
  }

  /** A call is made: however long it takes, what can wait does. */
  called(): void {
    clearTimeout(this.#timer);
  }

  /** A call is over, or none will come any more. */
  over(): void {
    clearTimeout(this.#timer);
    this.#come();
  }
}
