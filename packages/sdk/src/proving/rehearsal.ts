import { SESSION_CHOICES } from "../engine/session-choices.ts";
import type { LoadRooms } from "../serving/load-rooms.ts";
import type { Served } from "../serving/served.ts";
import { breaksEngine } from "../worker/engine-failure.ts";
import { chooseSettings } from "./choose-settings.ts";
import {
  type SettingsRecord,
  settingsKey,
  settingsUnder,
  soundSettings,
} from "./settings-record.ts";
import { untilCached } from "./until-cached.ts";

/** Six starts or more train the code cache, and three tell a slow start from a slow moment. */
const ROUNDS = 3;

/** A device that needs longer is not one to be kept busy with this. */
const TIMEOUT_MS = 60_000;

/**
 * Rehearses, once for each pack on this device, how a model starts on WASM: in a worker of its own, in
 * idle time, with the wasm that the next visit takes. That creates its session with what was fastest, and
 * finds its wasm compiled.
 *
 * @param served what served first, and will on the next visit, though a GPU may have taken over
 */
export async function rehearseStart(
  { keeper, newHost, ...pace }: Pick<LoadRooms, "keeper" | "newHost" | "pace">,
  { host, opened, storage }: Served,
  signal: AbortSignal,
): Promise<void> {
  const { digest, dtype, engine } = opened;
  // From memory there is no next visit that would find anything.
  if (host.backend !== "wasm" || engine !== "onnx" || storage?.kind === "memory") return;
  // The image that it woke from is one of a session as it is.
  if (host.start.step !== "none") return;
  const key = settingsKey(digest, dtype);
  const known = await keeper.call((remote, call) => remote.verdicts(call, digest), signal);
  if (known.some((stored) => soundSettings(stored, key) !== undefined)) return;
  const own = newHost(host.place, host.pack?.trust, "afresh");
  const giveUp = () => own.dispose();
  signal.addEventListener("abort", giveUp);
  try {
    await own.openStored(opened, signal);
    const rehearsed = await own
      .ask(
        (remote, session) => remote.rehearse(session, { all: SESSION_CHOICES, rounds: ROUNDS }),
        {
          timeoutMs: TIMEOUT_MS,
          signal,
        },
      )
      .catch((error: unknown) => {
        // What was too much for the device would be too much on every visit.
        if (signal.aborted || !breaksEngine(error)) throw error;
        return [];
      });
    const settings = chooseSettings(rehearsed) ?? {};
    const [, candidate] = key;
    const under = settingsUnder();
    const record: SettingsRecord = { digest, candidate, at: Date.now(), under, settings };
    await keeper.call((remote, call) => remote.judge(call, key, record), signal);
    if (rehearsed.length > 0) await untilCached(pace, signal);
  } finally {
    signal.removeEventListener("abort", giveUp);
    own.dispose();
  }
}
