import type { ModelsAnswer } from "@selvedge/protocol";
import { compareNames, isKnown } from "../series/series-identity.ts";
import type { Page, View } from "./view.ts";

/** What a page is about, once what was left open has been chosen from what there is. */
export interface Focus {
  readonly model: string | undefined;
  readonly version: string | undefined;
  readonly a: string | undefined;
  readonly b: string | undefined;
}

type Model = ModelsAnswer["models"][number];

const NEEDS_MODEL: readonly Page[] = ["model", "compare", "drift"];

/**
 * The model with the most predictions where a page needs one; of it the newest version, and for a
 * comparison the newest with the one before it.
 */
export function focusOn(view: View, { models }: ModelsAnswer): Focus {
  const model = view.model ?? (NEEDS_MODEL.includes(view.page) ? busiest(models)?.name : undefined);
  const [newest, previous] = versionsOf(model, models);
  const b = view.b ?? (view.a === newest ? previous : newest);
  return {
    model,
    version: view.version ?? (view.page === "drift" ? newest : undefined),
    a: view.a ?? (b === newest ? previous : newest),
    b,
  };
}

/** The known versions of a model, the newest first. */
export function versionsOf(model: string | undefined, models: readonly Model[]): string[] {
  const found = models.find(({ name }) => name === model);
  return (found?.versions ?? [])
    .map(({ version }) => version)
    .filter(isKnown)
    .sort((a, b) => compareNames(b, a));
}

function busiest(models: readonly Model[]): Model | undefined {
  const total = ({ versions }: Model): number =>
    versions.reduce((sum, { predictions }) => sum + predictions, 0);
  return models.filter(({ name }) => isKnown(name)).toSorted((a, b) => total(b) - total(a))[0];
}
