import {
  type Manifest,
  SelvedgeError,
  toleranceFor,
  toleranceOf,
  type Variant,
} from "@selvedge/protocol";
import type { EngineSession } from "../../engine/engine-session.ts";
import type { Database } from "../../store/database.ts";
import type { Tensor, Tensors } from "../../tensor.ts";
import type { Backend, EngineRun, InputDims, Proof, Trusted } from "../../worker/engine-api.ts";
import { compareAnswers } from "./compare-answers.ts";
import { readGolden } from "./read-golden.ts";
import { tile } from "./tile.ts";
import { unsound } from "./unsound.ts";

/** A session, and what it runs. */
export interface OnTrial {
  readonly database: Database;
  readonly session: EngineSession;
  readonly manifest: Manifest;
  readonly variant: Variant;
  readonly backend: Backend;
}

/**
 * Runs the first golden inputs, brought to some dims. Inputs that no dims are given for keep their own.
 * The time is that of the run alone, outputs read back included.
 *
 * @throws SelvedgeError `no-candidate` where the pack has no golden inputs.
 */
export async function runAt(
  { database, session, manifest }: Omit<OnTrial, "variant" | "backend">,
  dims: InputDims,
): Promise<EngineRun> {
  const [golden] = manifest.golden.cases;
  if (golden === undefined)
    throw new SelvedgeError(
      "no-candidate",
      `${manifest.name}@${manifest.version} has no golden answers to prove a device with.`,
    );
  const read = await readGolden(database, golden.inputs);
  const inputs = Object.fromEntries(
    Object.entries(read).map(([name, tensor]): [string, Tensor] => [
      name,
      tile(tensor, dims[name] ?? tensor.dims),
    ]),
  );
  const startedAt = performance.now();
  const outputs = await session.run(inputs);
  return { outputs, runMs: performance.now() - startedAt };
}

/**
 * Runs the same on a session that has to earn its trust, and holds every output against that of one
 * which has. Two precisions may each be off by their own tolerance, in opposite directions.
 */
export async function proveAt(
  on: OnTrial,
  { dims, outputs: trusted, by }: Trusted & { readonly dims: InputDims },
): Promise<Proof> {
  const { outputs } = await runAt(on, dims);
  return holdAgainst(on, outputs, { trusted, by });
}

function holdAgainst(
  { manifest, variant, backend }: OnTrial,
  outputs: Tensors,
  { trusted, by }: { readonly trusted: Tensors; readonly by: Trusted["by"] },
): Proof {
  const own = toleranceOf(manifest, variant, backend);
  if (own === undefined)
    return { holds: false, finding: `the pack has no tolerance for ${backend}` };
  const other = manifest.variants.find(
    ({ dtype }) => dtype === by.dtype && dtype !== variant.dtype,
  );
  const others = other && toleranceOf(manifest, other, by.backend);
  const tolerance = {
    absolute: own.absolute + (others?.absolute ?? 0),
    relative: own.relative + (others?.relative ?? 0),
  };
  const scales = manifest.golden.cases[0]?.outputs ?? [];
  const findings: string[] = [];
  for (const [name, tensor] of Object.entries(trusted)) {
    const scale = scales.find((output) => output.name === name) ?? {};
    const allowed = toleranceFor(scale, tolerance);
    const proof = compareAnswers(name, outputs[name], tensor, allowed, "elsewhere");
    if (!proof.holds) return proof;
    findings.push(proof.finding);
  }
  const broken = unsound(outputs, trusted);
  return broken === undefined
    ? { holds: true, finding: findings.join("; ") }
    : { holds: false, finding: broken };
}
