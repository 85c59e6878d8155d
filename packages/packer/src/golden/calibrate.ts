import type { Tolerance } from "@selvedge/protocol";
import type { EngineSource } from "../runtime/open-session.ts";
import type { Golden, GoldenSet } from "./golden.ts";
import { measureSpread } from "./measure-spread.ts";
import { type OwnTolerances, refuseLaxTolerances } from "./own-tolerances.ts";
import {
  hasRoomFor,
  isTooWide,
  PROVEN_BACKENDS,
  scaleAnswers,
  toleranceOfSpread,
} from "./tolerance.ts";

/**
 * Finds out how far a device's answers may be from the golden ones. An edge case of which sound
 * answers are further apart than that is left out: a device might rightly fail it.
 *
 * @param own tolerances in place of those that would be derived
 * @returns a warning too for each backend where rounding alone could fail a device
 * @throws SelvedgeError `options-invalid` for a tolerance within which zeros would be.
 */
export async function calibrate(
  source: EngineSource,
  golden: readonly Golden[],
  own: OwnTolerances = {},
  signal?: AbortSignal,
): Promise<GoldenSet & { readonly warnings: readonly string[] }> {
  const { cases, magnitude } = scaleAnswers(golden);
  refuseLaxTolerances(own, magnitude);
  const spreads = await measureSpread(source, cases, signal);
  const tolerance: Record<string, Tolerance> = {};
  const shares: Record<string, number> = {};
  const warnings: string[] = [];
  const unstable = new Set<Golden>();
  for (const backend of PROVEN_BACKENDS) {
    const spreadOf = (item: Golden): number => spreads.get(item)?.[backend] ?? 0;
    const typical = cases.filter(({ role }) => role !== "edge").map(spreadOf);
    // Where whole numbers change the spread is infinite, and no tolerance would help.
    const spread = Math.max(0, ...typical.filter(Number.isFinite));
    const given = own[backend];
    const allowed = given ?? toleranceOfSpread(backend, { spread, magnitude });
    if (given === undefined && (isTooWide(spread, magnitude) || !typical.every(Number.isFinite)))
      warnings.push(
        `Rounding alone changes the golden answers so much that a sound device may fail them on ${backend}. Give other inputs with --golden FILE, or allow more with --tolerance ${backend}=ABSOLUTE,RELATIVE.`,
      );
    for (const item of cases)
      if (item.role === "edge" && !hasRoomFor(spreadOf(item), allowed)) unstable.add(item);
    tolerance[backend] = allowed;
    shares[backend] = Number((spread / magnitude).toPrecision(2));
  }
  return {
    cases: cases.filter((item) => !unstable.has(item)),
    tolerance,
    spread: shares,
    own,
    warnings,
  };
}
