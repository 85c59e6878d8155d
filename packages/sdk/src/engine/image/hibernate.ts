import { SelvedgeError } from "@selvedge/protocol";
import { prove } from "../../proving/worker/prove.ts";
import { type OnTrial, runAt } from "../../proving/worker/trial.ts";
import type { Hibernated, SessionHow } from "../../worker/engine-api.ts";
import type { EngineRuntime } from "../engine-session.ts";
import { assetsMissing, isIntact } from "../runtime-file.ts";
import { RUNTIME_FOLDER } from "../runtime-files.ts";
import { barImage, keepImage, quarantineOf } from "./image-store.ts";
import { keyFor } from "./image-subject.ts";
import { makeImage } from "./make-image.ts";

/** A session that is to be written down, and what it runs in. */
export interface Hibernation extends OnTrial {
  readonly runtime: EngineRuntime;
  /** URL of the folder that holds the runtimes' folders. */
  readonly assets: string;
  readonly digest: string;
  readonly how: SessionHow;
  /** What loading took, without the wasm: where waking takes longer, no image is kept. */
  readonly loadMs: number;
}

/**
 * Writes an engine down: its golden answers have to hold, what it no longer uses is zeroed, and what is
 * left is stored, to be woken on the next visit. The page sees to it that one tab at a time does that.
 *
 * @throws SelvedgeError `no-candidate` where it is not one to be written down, `assets-missing` where the
 * host does not say whether its files are the ones that were loaded.
 */
export async function hibernate(hibernation: Hibernation): Promise<Hibernated> {
  const { runtime, assets, digest, variant, how } = hibernation;
  const index = runtime.wasm?.plan.index;
  if (index?.waking === undefined || runtime.wasm?.plan.wasm.ref === undefined)
    throw refused(index?.reason ?? 'the host has no runtimes.json: run "selvedge assets"');
  const folder = `${assets}${RUNTIME_FOLDER}/`;
  const isGlueIntact = await isIntact(folder, index.glue);
  if (isGlueIntact === undefined)
    throw assetsMissing(folder + index.glue.file, "it could not be read again");
  if (!isGlueIntact) throw refused(`${index.glue.file} is not the file that the index names`);
  const key = await keyFor(index, { digest, dtype: variant.dtype }, how);
  const quarantine = await quarantineOf(hibernation.database, key);
  if (quarantine !== undefined) throw refused(`its image is quarantined: ${quarantine}`);
  return write(hibernation, { key, facts: index.waking });
}

async function write(
  hibernation: Hibernation,
  { key, facts }: { key: string; facts: Parameters<typeof makeImage>[1]["facts"] | undefined },
): Promise<Hibernated> {
  const { database, runtime, digest: pack, variant } = hibernation;
  const { live } = runtime;
  if (live === undefined || facts === undefined) throw refused("it is not onnxruntime's");
  const startedAt = performance.now();
  const proof = await prove(hibernation, hibernation);
  if (!proof.holds) throw refused(`its golden answers are not right: ${proof.finding}`);
  const { outputs: answers } = await runAt(hibernation, {});
  const { head, pages } = await makeImage(live, { key, answers, facts });
  const makeMs = performance.now() - startedAt;
  const { dtype } = variant;
  const kept = await keepImage(database, { key, pack, dtype, head }, pages);
  const writeMs = performance.now() - startedAt - makeMs;
  const made = { key, bytes: pages.byteLength, place: kept.place, makeMs, writeMs };
  if (kept.readMs < hibernation.loadMs) return made;
  const reason = `reading it takes ${ms(kept.readMs)}, loading ${ms(hibernation.loadMs)}`;
  await barImage(database, { key, kind: "not worth it", reason });
  return { ...made, declined: reason };
}

/** Why an engine is not one to be written down. */
export function refused(reason: string): SelvedgeError {
  return new SelvedgeError("no-candidate", `The engine cannot be written down: ${reason}.`);
}

function ms(milliseconds: number): string {
  return `${Math.round(milliseconds)} ms`;
}
