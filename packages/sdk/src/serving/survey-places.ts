import { runsOn } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import {
  backendsOf,
  type Candidates,
  listCandidates,
  type PlaceFacts,
  type Wanted,
} from "../proving/candidates.ts";
import { placeFacts } from "../proving/place-facts.ts";
import { ENGINES, type VariantSummary } from "../worker/engine-api.ts";
import type { PackContents, PackSelector } from "../worker/keeper-api.ts";
import type { Rung } from "./ladder.ts";
import type { LoadRooms } from "./load-rooms.ts";

/** Where a pack could run on this device, and what that was told from. */
export interface Places extends Candidates {
  readonly contents: PackContents;
  readonly facts: PlaceFacts;
  readonly wanted: Wanted;
}

/**
 * Asks the keeper what a pack holds and the device what it has, and lists where the one could run on the
 * other. No model bytes are fetched.
 *
 * @throws SelvedgeError where nothing is stored, and the registry cannot be asked.
 */
export async function surveyPlaces(
  { keeper, gpu }: Pick<LoadRooms, "keeper" | "gpu">,
  selector: PackSelector,
  { backend = "auto", dtype = "auto", signal }: LoadOptions,
): Promise<Places> {
  const backends = backendsOf(backend);
  const [contents, facts] = await Promise.all([
    keeper.call((remote, call) => remote.contents(call, selector, backends), signal),
    placeFacts(gpu),
  ]);
  const wanted = { backend, dtype };
  return { contents, facts, wanted, ...listCandidates(contents.variants, wanted, facts) };
}

/**
 * What of a registry is meant by a rung. A precision that nobody asked for is not pinned where it is the
 * first that runs there: another version may have a better one.
 */
export function selectorAt(
  { place, dtype }: Rung,
  selector: PackSelector,
  variants: readonly VariantSummary[],
): PackSelector {
  const { backend, features } = place;
  const first = variants.find(
    (variant) => ENGINES.some((engine) => engine === variant.engine) && runsOn(variant, place),
  );
  return { ...selector, dtype: first?.dtype === dtype ? selector.dtype : dtype, backend, features };
}

/** What to call a rung to people. What is turned down in every layout is so in every build, too. */
export function nameOf({ place: { backend, build, layout }, dtype }: Rung): string {
  return `${dtype} on ${backend}${layout === undefined ? "" : ` (${layout}, ${build} build)`}`;
}
