import { SelvedgeError } from "@selvedge/protocol";
import type { Verdict } from "../worker/keeper-api.ts";
import type { Loaded } from "./behind.ts";
import { isFailureOfPack } from "./failure-of-pack.ts";
import type { LoadRooms } from "./load-rooms.ts";
import { type Errand, openProvenInSteps } from "./open-proven.ts";

/**
 * Proves a pack that serves unproven, while no other model does such a thing, as one does after a first install. Its golden inputs run in an
 * engine of its own, so that no call of the app waits for them. One that fails goes on serving this
 * page, says so, and is not what the next load opens where there is a version before it. What the device has
 * lost of it is left as an errand: others have their turn while that is fetched.
 */
export async function* proveServing(
  rooms: LoadRooms,
  { model, selector, feed }: Pick<Loaded, "model" | "selector" | "feed">,
): AsyncGenerator<Errand, void> {
  const { keeper, reporter } = rooms;
  const signal = model.disposal;
  const { host, opened, ladder } = model.served;
  const { name, version, digest, dtype, engine } = opened;
  const standing = await keeper.call((remote, call) => remote.standing(call, selector), signal);
  if (standing === undefined || standing.current.digest !== digest) return;
  if (standing.isProven || standing.isRefused) return;
  const settle = (verdict: Verdict) =>
    keeper.call((remote, call) => remote.settle(call, selector, opened, verdict), signal);
  // A GPU was proven before it served, and TensorFlow.js where it was opened.
  if (host.backend !== "wasm" || engine === "tfjs") {
    await settle("proven");
    return;
  }
  try {
    const proven = yield* openProvenInSteps(rooms, {
      wanted: selector,
      place: host.place,
      choice: opened,
      signal,
      own: "at-once",
    });
    proven.host.dispose();
    await settle("proven");
  } catch (error) {
    if (!(error instanceof SelvedgeError && isFailureOfPack(error)) || signal.aborted) throw error;
    // It serves: that there is no room for it twice says nothing of its answers.
    if (error.code === "out-of-memory") throw error;
    const reason = error.message;
    reporter.recorder.failed({ model: name, version, dtype, backend: "wasm" }, "prove", error.code);
    ladder.note({ place: host.place, dtype }, { state: "serving", reason });
    await settle("refused");
    feed.emit({ state: "refused", version, digest, bytes: 0, reason });
  }
}
