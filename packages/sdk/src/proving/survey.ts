import { browserFacts } from "../diagnosis/browser-facts.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Served } from "../serving/served.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { listCandidates, type Rejected, type WorthTrying } from "./candidates.ts";
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
  { opened: { digest, engine, variants } }: Served,
): Promise<Survey> {
  const facts = await placeFacts(memory);
  const { gpu } = facts;
  const { rungs, rejected } = listCandidates(variants, { dtype, backend: "auto" }, facts);
  const { brand, version } = browserFacts(navigator);
  const verdicts = new Verdicts(keeper, digest, {
    engine,
    adapter: gpu.found ? gpu.description : "none",
    browser: `${brand} ${version.split(".")[0]}`,
  });
  // Whatever is left of WASM is where it serves.
  return { rungs: rungs.filter(({ place }) => place.backend !== "wasm"), rejected, verdicts };
}
