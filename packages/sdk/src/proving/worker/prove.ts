import {
  goldenCasesOf,
  type Manifest,
  toleranceFor,
  toleranceOf,
  type Variant,
} from "@selvedge/protocol";
import type { EngineSession } from "../../engine/engine-session.ts";
import type { Database } from "../../store/database.ts";
import type { Backend, Proof } from "../../worker/engine-api.ts";
import { compareAnswers } from "./compare-answers.ts";
import { readGolden } from "./read-golden.ts";
import { unsound } from "./unsound.ts";

/** Runs a pack's golden inputs on a session and holds every answer against the golden one. */
export async function prove(
  { database, session }: { database: Database; session: EngineSession },
  { manifest, variant, backend }: { manifest: Manifest; variant: Variant; backend: Backend },
): Promise<Proof> {
  const tolerance = toleranceOf(manifest, variant, backend);
  const cases = goldenCasesOf(manifest, variant);
  if (tolerance === undefined || cases.length === 0)
    return { holds: false, finding: `the pack has no golden answers for ${backend}` };
  const findings: string[] = [];
  for (const golden of cases) {
    const inputs = await readGolden(database, golden.inputs);
    const wanted = await readGolden(database, golden.outputs);
    const outputs = await session.run(inputs);
    for (const output of golden.outputs) {
      const { name } = output;
      const tensor = wanted[name];
      if (tensor === undefined) return { holds: false, finding: `the pack lacks output ${name}` };
      const proof = compareAnswers(name, outputs[name], tensor, toleranceFor(output, tolerance));
      if (!proof.holds) return proof;
      findings.push(proof.finding);
    }
    const broken = unsound(outputs, wanted);
    if (broken !== undefined) return { holds: false, finding: broken };
  }
  return { holds: true, finding: findings.join("; ") };
}
