import { browserFacts } from "../diagnosis/browser-facts.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Served } from "../serving/served.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import type { KeeperClient } from "../worker/keeper-client.ts";
import { listCandidates, type PlaceFacts, type Rejected, type WorthTrying } from "./candidates.ts";
import type { FoundGpu } from "./gpu.ts";
import { placeFacts } from "./place-facts.ts";
import { Verdicts } from "./verdicts.ts";

/** Where a model could run besides the place that serves it first. */
export interface Survey {
  /** The best first. */
  readonly rungs: readonly WorthTrying[];
  readonly rejected: readonly Rejected[];
  readonly verdicts: Verdicts;
}

/** Looks at the device, and lists where else on it a model could run. */
export async function survey(
  { keeper, gpu: memory }: LoadRooms,
  { dtype }: PackSelector,
  { opened: { digest, engine, dtype: serving, variants } }: Served,
): Promise<Survey> {
  const facts = await placeFacts(memory);
  const { rungs, rejected } = listCandidates(variants, { dtype, backend: "auto" }, facts);
  const verdicts = verdictsOn(facts, keeper, { digest, engine });
  return {
    // Whatever is left of WASM is where it serves, and what serves runs, whatever it was taken to need.
    rungs: rungs.filter(({ place }) => place.backend !== "wasm"),
    rejected: rejected.filter(({ place, dtype }) => place.backend !== "wasm" || dtype !== serving),
    verdicts,
  };
}

/** What is remembered of a pack on this very device. */
export function verdictsOn(
  { gpu }: Pick<PlaceFacts, "gpu">,
  keeper: KeeperClient,
  { digest, engine }: Pick<Served["opened"], "digest" | "engine">,
): Verdicts {
  const { brand, version } = browserFacts(navigator);
  return new Verdicts(keeper, digest, {
    engine,
    adapter: gpu.found ? namedWithLimits(gpu) : "none",
    browser: `${brand} ${version.split(".")[0]}`,
  });
}

/** Browsers are coarse in what they call a GPU: two by one name may differ in what fits in their buffers. */
function namedWithLimits({ description, limits }: FoundGpu): string {
  return `${description} with buffers of ${limits.maxBufferSize}, bound ${limits.maxStorageBufferBindingSize}`;
}
