import { SelvedgeError } from "@selvedge/protocol";
import { isFailureOfPack } from "../serving/failure-of-pack.ts";
import type { Rung } from "../serving/ladder.ts";
import type { WorthTrying } from "./candidates.ts";

/** A rung that was tried. */
export interface Tried {
  readonly rung: Rung;
  /** What opening or proving it failed with. Absent: it gave the golden answers. */
  readonly error?: unknown;
}

/**
 * Why a rung need not be tried any more, after what others came to. Two builds of the runtime have the
 * same kernels: where one starts and answers wrongly, so would the other. A build that could not be
 * loaded, and a precision that could not be fetched, are not asked for again.
 *
 * @returns `undefined` where it is to be tried
 */
export function ruledOut(
  { place, dtype, standsInFor }: WorthTrying,
  tried: readonly Tried[],
): string | undefined {
  for (const { rung, error } of tried) {
    const { backend, build, layout } = rung.place;
    if (backend !== place.backend) continue;
    const isOfDtype = rung.dtype === dtype;
    if (isOfDtype && build === standsInFor && layout === place.layout) {
      if (error === undefined) return `the ${build} build of the runtime starts`;
      if (isCode(error, "no-candidate"))
        return `the ${build} build of the runtime, which has the same kernels, does not give the golden answers`;
    }
    if (build === place.build && isCode(error, "assets-missing")) return error.message;
    const isOfPlace = error === undefined || isCode(error, "assets-missing") || isOfRung(error);
    if (isOfDtype && !isOfPlace) return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

/** Whether a failure says something of the place it was met at, rather than of the store or the network. */
function isOfRung(error: unknown): boolean {
  return error instanceof SelvedgeError && isFailureOfPack(error);
}

function isCode(error: unknown, code: SelvedgeError["code"]): error is SelvedgeError {
  return error instanceof SelvedgeError && error.code === code;
}
