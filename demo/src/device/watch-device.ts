import { createSelvedge, type Diagnosis, type ModelInfo } from "selvedge";
import { MODEL_NAMES } from "../loading/load-models.ts";
import { explain } from "../ui/explain.ts";
import type { Problem } from "../ui/problem.ts";

/** How a model of the page is doing. */
export type Load = { readonly name: string } & (
  | { readonly state: "loading" }
  | { readonly state: "loaded"; readonly info: ModelInfo }
  | { readonly state: "failed"; readonly problem: Problem }
);

/** All that is known so far. */
export interface Seen {
  readonly loads: readonly Load[];
  readonly diagnosis: Diagnosis | undefined;
  /** Why there is no newer diagnosis, where that is so. */
  readonly problem: Problem | undefined;
}

/** How often a page that can be seen looks whether a candidate has changed its state. */
const WATCH_EVERY_MS = 500;

/**
 * Loads the demo's models, diagnoses, and goes on watching: a candidate is proven long after its model
 * has begun to serve.
 *
 * @param onChange told at once, and whenever something is different
 */
export function watchDevice(onChange: (seen: Seen) => void): {
  /** Diagnoses anew. */
  look(): void;
  /** Loads a model that failed once more. */
  load(name: string): void;
} {
  // No telemetry: this page is about what stays here.
  const selvedge = createSelvedge({ registry: "/models", assets: "/selvedge/" });
  const models = new Map<string, () => Load>();
  let diagnosis: Diagnosis | undefined;
  let isLooking = false;
  let isStale = false;
  let problem: Problem | undefined;
  let shown = "";

  const loads = () =>
    MODEL_NAMES.map((name): Load => models.get(name)?.() ?? { name, state: "loading" });

  const tell = () => onChange({ loads: loads(), diagnosis, problem });

  /** One at a time: what changes while it looks, it looks at again. */
  const look = async () => {
    isStale = true;
    if (isLooking) return;
    isLooking = true;
    while (isStale) {
      isStale = false;
      try {
        diagnosis = await selvedge.diagnose();
        problem = undefined;
      } catch (error) {
        problem = explain(error);
      }
      tell();
    }
    isLooking = false;
  };

  const load = (name: string) => {
    models.delete(name);
    void selvedge
      .load(name)
      .then(
        (model) => models.set(name, () => ({ name, state: "loaded", info: model.info })),
        (error: unknown) => {
          const problem = explain(error);
          models.set(name, () => ({ name, state: "failed", problem }));
        },
      )
      .then(notice);
    tell();
  };

  const notice = () => {
    const now = JSON.stringify(loads());
    if (now === shown) return;
    shown = now;
    tell();
    void look();
  };

  for (const name of MODEL_NAMES) load(name);
  setInterval(() => {
    if (document.visibilityState === "visible") notice();
  }, WATCH_EVERY_MS);
  return { look: () => void look(), load };
}
