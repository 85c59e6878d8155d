import type { SelvedgeError } from "@selvedge/protocol";
import { breaksEngine } from "../worker/engine-failure.ts";
import type { Rung, Standing } from "./ladder.ts";
import type { Proven } from "./open-proven.ts";
import { rungOf, type Served } from "./served.ts";

/** Opens another rung of what serves, and proves it where it has to be. */
export type OpenRung = (rung: Rung, served: Served, signal: AbortSignal) => Promise<Proven>;

/** A rung that was given up, and why. */
interface GivenUp {
  readonly served: Served;
  readonly error: SelvedgeError;
}

/**
 * A way down a ladder, from where something failed to where something answers. Until it does, nothing
 * is settled: where every rung fails it was not theirs to blame, and all is as it was before.
 */
export class Descent {
  readonly #origin: Served;
  readonly #openRung: OpenRung;
  readonly #givenUp: GivenUp[] = [];
  readonly #before: { readonly rung: Rung; readonly standing: Standing }[] = [];
  readonly #cancel = new AbortController();

  constructor(origin: Served, openRung: OpenRung) {
    this.#origin = origin;
    this.#openRung = openRung;
  }

  /** Leaves a rung. Its host stays, without an engine, in case all the others fail too. */
  giveUp(served: Served, error: SelvedgeError): void {
    this.#givenUp.push({ served, error });
    this.#reject(rungOf(served), error.message);
  }

  /**
   * Opens the next rung that can be, each twice where its engine breaks.
   *
   * @param onFailure called for each that cannot be opened
   * @returns `undefined` where there is none
   */
  async next(onFailure: (rung: Rung, error: unknown) => void): Promise<Served | undefined> {
    const { signal } = this.#cancel;
    const { ladder } = this.#origin;
    // Where the answers are wrong another layout may be right; what breaks engines breaks them there too.
    const broken = breaksEngine(this.#givenUp.at(-1)?.error)
      ? this.#givenUp.at(-1)?.served.host.backend
      : undefined;
    for (let rung = ladder.fallback(broken); rung !== undefined; rung = ladder.fallback(broken)) {
      const wanted = rung;
      const open = () => this.#openRung(wanted, this.#origin, signal);
      const failed = (error: unknown) => {
        if (!signal.aborted) onFailure(wanted, error);
        return error;
      };
      try {
        const { host, opened, finding } = await open().catch((error: unknown) => {
          failed(error);
          if (signal.aborted || !breaksEngine(error)) throw error;
          return open().catch((again: unknown) => {
            throw failed(again);
          });
        });
        this.#remember(rung);
        const reason = `took over, as ${this.#origin.host.backend} failed; ${finding}`;
        ladder.note(rung, { state: "serving", reason });
        return { ...this.#origin, host, opened };
      } catch (error) {
        if (signal.aborted) return undefined;
        this.#reject(rung, error instanceof Error ? error.message : String(error));
      }
    }
    return undefined;
  }

  /** Puts everything back. */
  restore(): Served {
    this.#cancel.abort();
    for (const { rung, standing } of this.#before.reverse())
      this.#origin.ladder.note(rung, standing);
    for (const { served } of this.#givenUp)
      if (served.host !== this.#origin.host) served.host.dispose();
    return this.#origin;
  }

  /**
   * Something answers: what was given up is not needed any more.
   *
   * @returns what that is
   */
  settle(): readonly Served[] {
    this.#cancel.abort();
    for (const { served } of this.#givenUp) served.host.dispose();
    return this.#givenUp.map(({ served }) => served);
  }

  #reject(rung: Rung, reason: string): void {
    this.#remember(rung);
    this.#origin.ladder.note(rung, { state: "rejected", reason });
  }

  #remember(rung: Rung): void {
    const standing = this.#origin.ladder.standing(rung);
    if (standing !== undefined) this.#before.push({ rung, standing });
  }
}
