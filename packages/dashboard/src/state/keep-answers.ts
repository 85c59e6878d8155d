import type { Part, Parts } from "../api.ts";

/** The newest answer to every question: an older one stands, with why, where there is no newer. */
export function keepAnswers(before: Parts, after: Parts): Parts {
  const old = new Map<string, Part<unknown>>(Object.entries(before));
  const kept = Object.entries<Part<unknown>>(after).map(([name, part]) => [
    name,
    part.fault === undefined ? part : { ...old.get(name), fault: part.fault },
  ]);
  // The same names as in `after`, each with a part of the same question.
  return Object.fromEntries(kept) as Parts;
}
