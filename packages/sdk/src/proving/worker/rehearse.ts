import { goldenCasesOf, type Manifest, type Variant } from "@selvedge/protocol";
import type { EngineRuntime, EngineSession, SessionSource } from "../../engine/engine-session.ts";
import type { Database } from "../../store/database.ts";
import type { Backend, Proof, Rehearsed, SessionSettings } from "../../worker/engine-api.ts";
import { prove } from "./prove.ts";
import { readGolden } from "./read-golden.ts";

/** What is rehearsed, and with what. */
export interface Rehearsal {
  readonly database: Database;
  readonly runtime: EngineRuntime;
  readonly manifest: Manifest;
  readonly variant: Variant;
  readonly backend: Backend;
  /** The pack's bytes, read anew for each session: nothing is held between two of them. */
  readonly read: () => Promise<SessionSource>;
}

/**
 * Creates sessions with each of some settings by turns, and times what a start is made of: creating one,
 * its first run, and a run when all is warm. The golden answers are asked for in the first round.
 *
 * It has a second purpose. A browser writes wasm into its code cache once its functions have been
 * compiled for good, which takes a few starts: the next visit finds them compiled.
 */
export async function rehearse(
  rehearsal: Rehearsal,
  { all, rounds }: { readonly all: readonly SessionSettings[]; readonly rounds: number },
): Promise<Rehearsed[]> {
  const taken = all.map(() => [] as Rehearsed["rounds"][number][]);
  const proofs: Proof[] = [];
  for (let round = 0; round < rounds; round++)
    for (const [i, settings] of all.entries()) {
      if (proofs[i]?.holds === false) continue;
      const source = await rehearsal.read();
      const createdFrom = performance.now();
      const session = await create(rehearsal, source, settings);
      const createMs = performance.now() - createdFrom;
      try {
        taken[i]?.push({ createMs, ...(await timeRuns(rehearsal, session)) });
        proofs[i] ??= await prove({ ...rehearsal, session }, rehearsal);
      } finally {
        await session.release();
      }
    }
  return all.map((settings, i) => ({
    settings,
    rounds: taken[i] ?? [],
    ...(proofs[i] ?? { holds: false, finding: "it was not rehearsed" }),
  }));
}

async function create(
  { database, runtime, manifest, variant, backend }: Rehearsal,
  source: SessionSource,
  settings: SessionSettings,
): Promise<EngineSession> {
  return runtime.createSession(source, { backend, ...settings }, (session) =>
    prove({ database, session }, { manifest, variant, backend }),
  );
}

async function timeRuns(
  { database, manifest, variant }: Rehearsal,
  session: EngineSession,
): Promise<{ firstRunMs: number; runMs: number }> {
  const [golden] = goldenCasesOf(manifest, variant);
  const inputs = await readGolden(database, golden?.inputs ?? []);
  const time = async () => {
    const startedAt = performance.now();
    await session.run(inputs);
    return performance.now() - startedAt;
  };
  return { firstRunMs: await time(), runMs: Math.min(await time(), await time()) };
}
