import { SelvedgeError } from "@selvedge/protocol";
import { transfer } from "comlink";
import type { EngineHost } from "../serving/engine-host.ts";
import type { Rung } from "../serving/ladder.ts";
import { buffersOf } from "../tensor.ts";
import type { EngineRun, InputDims } from "../worker/engine-api.ts";
import { judgeRace, type RaceResult } from "./race.ts";
import { whenIdle } from "./when-idle.ts";

/** An engine that has to earn its trust, and one that has. */
export interface Rivals {
  readonly candidate: EngineHost;
  /** Answers calls of the app, which are not to wait long: it is asked when it has none, if that comes. */
  readonly serving: EngineHost;
  /** Milliseconds that one run may take. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What serves could not be asked, which says nothing of the candidate. */
export class Unjudged extends Error {
  override readonly name = "Unjudged";
}

/** An app that calls without a pause is not waited for longer than this: it would gain most. */
const PATIENCE_MS = 250;

/**
 * Runs golden inputs at some dims on both, and holds the candidate's answers against the other's.
 *
 * @returns what was compared; `undefined` where the one that serves refuses such inputs too.
 * @throws SelvedgeError `no-candidate` where the answers differ; what the candidate fails with.
 * @throws Unjudged where the one that serves could not be asked.
 */
export async function requireProofAt(
  { candidate, serving, timeoutMs, signal }: Rivals,
  dims: InputDims,
  { place: { backend }, dtype }: Rung,
): Promise<string | undefined> {
  const answer = await askServing<EngineRun | undefined>(serving, () =>
    serving
      .ask((engine, session) => engine.runAt(session, dims), { timeoutMs, signal })
      .catch((error: unknown) => {
        if (error instanceof SelvedgeError && error.code === "run-failed") return undefined;
        throw error;
      }),
  );
  if (answer === undefined) return undefined;
  const { outputs } = answer;
  const trusted = { outputs, by: { backend, dtype } };
  const { holds, finding } = await candidate.ask(
    (engine, session) => engine.proveAt(session, dims, transfer(trusted, buffersOf(outputs))),
    { timeoutMs, signal },
  );
  const at = Object.entries(dims).map(([name, each]) => `${name}[${each.join()}]`);
  const told = `at ${at.join(", ")}: ${finding}`;
  if (holds) return told;
  throw new SelvedgeError(
    "no-candidate",
    `Larger inputs than the golden ones are not answered as on ${backend}, ${told}.`,
    { detail: { backend: candidate.backend, finding } },
  );
}

/**
 * Times warm runs of both in turn, until it is clear which is faster.
 *
 * @throws as `requireProofAt`
 */
export async function runRace(
  { candidate, serving, timeoutMs, signal }: Rivals,
  dims: InputDims,
): Promise<RaceResult> {
  const time = (host: EngineHost) =>
    host.ask((engine, session) => engine.timeAt(session, dims), { timeoutMs, signal });
  const runs = { candidate: [] as number[], serving: [] as number[] };
  // The first of each warms up.
  for (let isWarm = false; ; isWarm = true) {
    const candidateMs = await time(candidate);
    const servingMs = await askServing(serving, () => time(serving));
    if (!isWarm) continue;
    runs.candidate.push(candidateMs);
    runs.serving.push(servingMs);
    const result = judgeRace(runs);
    if (result.isOver) return result;
  }
}

async function askServing<T>(serving: EngineHost, ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  do await whenIdle();
  while (!serving.isIdle && performance.now() < until);
  try {
    return await ask();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Unjudged(`what serves could not be asked: ${why}`, { cause });
  }
}
