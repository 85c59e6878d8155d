import type { Dtype } from "@selvedge/protocol";
import type { Candidate } from "../proving/candidate.ts";
import type { Backend, Place } from "../worker/engine-api.ts";

/** A place, and the precision that a model has there. */
export interface Rung {
  readonly place: Place;
  readonly dtype: Dtype;
}

/** What is known of a rung. */
export type Standing = Pick<Candidate, "state" | "reason" | "runMs">;

interface Noted {
  readonly rung: Rung;
  readonly standing: Standing;
}

/** States of what may answer where what serves cannot, the best first. */
const FALLBACKS: readonly Candidate["state"][] = ["standby", "slower", "waiting"];

/**
 * The candidates of one version of a model: which of them serves, what the others came to, and which is
 * next where what serves fails. Candidates stay in the order in which they were noted first.
 */
export class Ladder {
  readonly #rungs = new Map<string, Noted>();

  constructor(serving: Rung, reason: string) {
    this.note(serving, { state: "serving", reason });
  }

  /** Writes down what became of a rung. */
  note(rung: Rung, standing: Standing): void {
    const { runMs } = this.#rungs.get(rungKey(rung))?.standing ?? {};
    const known = runMs === undefined ? {} : { runMs };
    this.#rungs.set(rungKey(rung), { rung, standing: { ...known, ...standing } });
  }

  /** What is known of a rung, if anything is. */
  standing(rung: Rung): Standing | undefined {
    return this.#rungs.get(rungKey(rung))?.standing;
  }

  /** What may answer where what serves cannot. */
  get fallbacks(): readonly Rung[] {
    return [...this.#rungs.values()]
      .filter(({ standing }) => FALLBACKS.includes(standing.state))
      .map(({ rung }) => rung);
  }

  get candidates(): readonly Candidate[] {
    return [...this.#rungs.values()].map(({ rung: { place, dtype }, standing }) => {
      const { features: _, ...where } = place;
      return { ...where, dtype, ...standing };
    });
  }

  /**
   * What may answer where what serves cannot: of the best state, the fastest, or the first.
   *
   * @param broken where engines broke: another backend goes first, whatever its state
   */
  fallback(broken?: Backend): Rung | undefined {
    const all = [...this.#rungs.values()];
    const elsewhere = all.filter(({ rung }) => rung.place.backend !== broken);
    return bestOf(elsewhere) ?? bestOf(all);
  }
}

function bestOf(all: readonly Noted[]): Rung | undefined {
  for (const state of FALLBACKS) {
    const [best] = all
      .filter(({ standing }) => standing.state === state)
      .sort((a, b) => speedOf(a.standing) - speedOf(b.standing));
    if (best !== undefined) return best.rung;
  }
  return undefined;
}

/** What was not measured comes last; a number that can be subtracted from another of its kind. */
function speedOf({ runMs = Number.MAX_VALUE }: Standing): number {
  return runMs;
}

/** Tells rungs apart. */
function rungKey({ place: { backend, build, layout }, dtype }: Rung): string {
  return [backend, build, layout, dtype].join();
}
