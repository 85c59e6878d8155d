import type { Rung } from "../serving/ladder.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Model } from "../serving/model.ts";
import { openHeld } from "../serving/open-proven.ts";
import type { HostOpened } from "../serving/pack-opener.ts";
import { rungOf, subjectOf } from "../serving/served.ts";
import { elementsOf } from "../serving/used-dims.ts";
import type { PackSelector } from "../worker/keeper-api.ts";
import { failureOf, isOfCandidate } from "./contest-failure.ts";
import { TRIAL_TIMEOUT_MS } from "./in-time.ts";
import { placeFacts } from "./place-facts.ts";
import { requireProofAt } from "./rivals.ts";
import { verdictsOn } from "./survey.ts";
import { isDue, type Verdict } from "./verdict.ts";

/** What serves, and as what of a registry. */
interface Serving {
  readonly model: Model;
  readonly selector: PackSelector;
  readonly signal: AbortSignal;
}

/**
 * Holds a GPU that no contest has proven at what the app uses against WASM, at the largest inputs so far:
 * it serves by an order of the app's, or since an update, and was right at the golden inputs. Where it is
 * wrong there, WASM answers, and that is remembered. Without WASM in that order, or on this device, there
 * is nothing to hold it against.
 */
export async function proveUsed(
  rooms: LoadRooms,
  { model, selector, signal }: Serving,
): Promise<void> {
  const { served } = model;
  const { host, opened, ladder } = served;
  const dims = model.used.largest;
  const trusted = ladder.fallbacks.find(({ place }) => place.backend === "wasm");
  if (host.backend !== "webgpu" || trusted === undefined || dims === undefined) return;
  if (!hasFreeDims(opened)) return;
  const rung = rungOf(served);
  const verdicts = verdictsOn(await placeFacts(rooms.gpu), rooms.keeper, opened);
  // What cannot be remembered is found out again.
  const known = await verdicts.read([rung]).catch(() => new Map<Rung, Verdict>());
  const before = known.get(rung);
  if (before !== undefined && isProvenAt(before, elementsOf(dims))) return;
  const reference = rooms.newHost(trusted.place, selector.trust, "at-once");
  const timeoutMs = rooms.pace?.trialMs ?? TRIAL_TIMEOUT_MS;
  const rivals = { candidate: host, serving: reference, timeoutMs, signal };
  const remember = (verdict: Pick<Verdict, "outcome" | "reason" | "code">) =>
    verdicts
      .write(rung, { ...timesOf(before), ...verdict, dims, at: Date.now(), loads: 0 })
      .catch(() => undefined);
  try {
    const { digest } = opened;
    const there = await openHeld(reference, { digest, dtype: trusted.dtype }, signal);
    try {
      const reason = await requireProofAt(rivals, dims, trusted);
      if (reason !== undefined) await remember({ outcome: "proven", reason });
    } catch (error) {
      if (signal.aborted || model.served.host !== host || !isOfCandidate(error)) return;
      const { reason, code } = failureOf(error);
      ladder.note(rung, { state: "rejected", reason });
      ladder.note(trusted, { state: "serving", reason: "gone back to from what was wrong" });
      // At once: what has been updated meanwhile must not be moved back.
      model.moveTo({ ...served, host: reference, opened: there });
      const { recorder } = rooms.reporter;
      recorder.failed(subjectOf(opened, rung), "prove", code);
      recorder.rejected(subjectOf(opened, rung), code);
      await remember({ outcome: "failed", reason, code });
    }
  } finally {
    if (model.served.host !== reference) reference.dispose();
  }
}

function hasFreeDims({ signature }: HostOpened): boolean {
  return signature.inputs.some(({ dims }) => dims.includes(-1));
}

function isProvenAt(verdict: Verdict, elements: number): boolean {
  const { outcome, dims } = verdict;
  return outcome === "proven" && !isDue(verdict, Date.now()) && elements <= elementsOf(dims);
}

/** What a contest has measured says the same of larger inputs. */
function timesOf({ runMs, share }: Partial<Verdict> = {}): Pick<Verdict, "runMs" | "share"> {
  return {
    ...(runMs === undefined ? {} : { runMs }),
    ...(share === undefined ? {} : { share }),
  };
}
