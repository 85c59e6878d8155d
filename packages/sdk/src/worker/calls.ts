import { type Outcome, outcomeOf } from "./outcome.ts";

/**
 * Calls that the page can take back. A signal cannot cross to a worker, so a call has a number, and
 * taking it back is another call that names it.
 */
export class Calls {
  readonly #running = new Map<number, AbortController>();

  /** Runs something under a call's number, with a signal that `cancel` fires. */
  async run<T>(call: number, run: (signal: AbortSignal) => Promise<T>): Promise<Outcome<T>> {
    const controller = new AbortController();
    this.#running.set(call, controller);
    const outcome = await outcomeOf(() => run(controller.signal));
    this.#running.delete(call);
    return outcome;
  }

  cancel(call: number): void {
    this.#running.get(call)?.abort();
  }
}
