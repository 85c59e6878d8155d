import { type OnTrial, runAt } from "../../proving/worker/trial.ts";
import type { Proof } from "../../worker/engine-api.ts";
import type { WasmFound } from "../engine-session.ts";
import { isIntact } from "../runtime-file.ts";
import { RUNTIME_FOLDER } from "../runtime-files.ts";
import { commitToAnswers } from "./make-image.ts";

/**
 * Holds a woken engine to what it answered before it was written down, to the last bit, and the glue
 * that it woke with to its digest, where the host has it still: the wasm was held to its own before it was
 * compiled.
 */
export async function checkWoken(
  on: OnTrial,
  found: WasmFound | undefined,
  assets: string,
): Promise<Proof> {
  const { image, plan } = found ?? {};
  const { index } = plan ?? {};
  if (image === undefined || index === undefined)
    return { holds: false, finding: "the engine was not woken" };
  const { head } = image;
  const { outputs } = await runAt(on, {});
  if ((await commitToAnswers(head.key, outputs)) !== head.answers)
    return { holds: false, finding: "its golden answers are not, to the last bit, what they were" };
  const folder = `${assets}${RUNTIME_FOLDER}/`;
  if ((await isIntact(folder, index.glue)) === false)
    return { holds: false, finding: `${index.glue.file} is not what the image was made with` };
  return { holds: true, finding: "bit for bit what it answered before it was written down" };
}
