import { SelvedgeError } from "@selvedge/protocol";
import { isFailureOfPack } from "../serving/failure-of-pack.ts";
import type { Rung, Standing } from "../serving/ladder.ts";
import type { WorthTrying } from "./candidates.ts";

/** A rung that was tried. */
export interface Tried {
  readonly rung: Rung;
  /** What opening or proving it failed with. Absent: it gave the golden answers. */
  readonly error?: unknown;
}

/**
 * What is to be said of a rung that need not be tried, after what others came to. Two builds of the
 * runtime have the same kernels: where one starts and answers wrongly, so would the other. A build that
 * could not be loaded, and a precision that could not be fetched, are not asked for again.
 *
 * @returns `undefined` where it is to be tried
 */
export function ruledOut(
  { place, dtype, standsInFor }: WorthTrying,
  tried: readonly Tried[],
): Standing | undefined {
  for (const { rung, error } of tried) {
    const { backend, build, layout } = rung.place;
    if (backend !== place.backend) continue;
    const isOfDtype = rung.dtype === dtype;
    if (isOfDtype && build === standsInFor && layout === place.layout) {
      if (error === undefined)
        return { state: "waiting", reason: `stands in for the ${build} build, which starts` };
      if (isCode(error, "no-candidate"))
        return rejected(`the ${build} build, which has the same kernels, answers wrongly`);
    }
    const isBuildMissing = isCode(error, "assets-missing");
    if (build === place.build && isBuildMissing) return rejected(error.message);
    const isOfPlace = error === undefined || isBuildMissing || isFailureOfPlace(error);
    if (isOfDtype && !isOfPlace) return rejected(reasonOf(error));
  }
  return undefined;
}

/** What went wrong, in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a failure says something of the place it was met at, rather than of the store or the network. */
export function isFailureOfPlace(error: unknown): boolean {
  return error instanceof SelvedgeError && isFailureOfPack(error);
}

function rejected(reason: string): Standing {
  return { state: "rejected", reason };
}

function isCode(error: unknown, code: SelvedgeError["code"]): error is SelvedgeError {
  return error instanceof SelvedgeError && error.code === code;
}
