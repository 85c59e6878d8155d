import { compareNames } from "../series/series-identity.ts";

/** As they follow one another on a device; the total, which is of all of them, last. */
const KNOWN = ["resolve", "fetch", "compile", "read", "create", "prove"];

/** The order in which phases of loading are listed: as they happen, then those this page does not know. */
export function comparePhases(a: string, b: string): number {
  return rank(a) - rank(b) || compareNames(a, b);
}

function rank(phase: string): number {
  if (phase === "total") return KNOWN.length + 1;
  const known = KNOWN.indexOf(phase);
  return known === -1 ? KNOWN.length : known;
}
