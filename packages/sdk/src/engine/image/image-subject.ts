import { imageKey, type RuntimeIndex } from "@selvedge/protocol";
import type { PackChoice } from "../../store/database.ts";
import type { SessionHow } from "../../worker/engine-api.ts";

/**
 * The key that an image has to have for a session that is about to be opened here. Everything that this
 * session would be created with is part of it.
 */
export function keyFor(
  { full, glue }: RuntimeIndex,
  { digest, dtype }: PackChoice,
  { backend, graphOptimizationLevel, prepacking }: SessionHow,
): Promise<string> {
  const settings = {
    backend,
    ...(graphOptimizationLevel === undefined ? {} : { graphOptimizationLevel }),
    ...(prepacking === undefined ? {} : { prepacking }),
  };
  const runtime = { wasm: full.sha256, glue: glue.sha256 };
  return imageKey({ ...runtime, pack: digest, dtype, settings, host: "worker" });
}
