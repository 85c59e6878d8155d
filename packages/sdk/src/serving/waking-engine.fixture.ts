import type { WakeStep } from "../worker/engine-api.ts";
import { ENGINE_METHODS } from "../worker/scripted-worker.fixture.ts";

/** The image that all of them wake from. */
export const IMAGE_KEY = "1a".repeat(32);

/** An input that a step with faults does not survive. */
export const TRAP = 9;

/** What is the matter with engines, by the step that they are opened at. */
export interface WakingFaults {
  /** Steps that trap with `TRAP`. */
  readonly traps?: readonly WakeStep[];
  /** Steps that break at `TRAP` for a reason that is not their wasm's. */
  readonly crashes?: readonly WakeStep[];
  /** Steps that do not answer `TRAP`. */
  readonly hangs?: readonly WakeStep[];
  /** Steps that break while they open. */
  readonly doNotWake?: readonly WakeStep[];
  /** Whether a runtime traps as it loads the model, unless it is all of it. */
  readonly lacksLoading?: boolean;
  /** Whether that is because what there was had been damaged. */
  readonly isDamaged?: boolean;
  /** Whether there is nothing to wake. */
  readonly hasNoImage?: boolean;
  /** Steps that trap as their golden answers are checked. */
  readonly checkTraps?: readonly WakeStep[];
  /** Whether golden answers are not those of the engine that was written down. */
  readonly isWrong?: boolean;
  /** Whether writing it down fails. */
  readonly isRefused?: boolean;
  /** Whether there is no room left once it is written. */
  readonly isFull?: boolean;
  /** What the browser says instead, where that fails in a way that has no code. */
  readonly refusal?: string;
}

/**
 * The methods of an engine that wakes where it was started for that, and tells how it was started and
 * opened, and what it was asked.
 */
export function wakingEngine(faults: WakingFaults = {}): string {
  return `${ENGINE_METHODS}
    faults: ${JSON.stringify(faults)},
    broken(detail) {
      const image = wake === "none" ? {} : { isWoken: true, image: ${JSON.stringify(IMAGE_KEY)} };
      const error = { name: "SelvedgeError", code: "engine-crashed", message: "unreachable" };
      return { ok: false, error: { ...error, detail: { hasRun: true, ...image, ...detail } } };
    },
    start({ isPatient = false, isFull = false, isForImage = false, ...request }) {
      globalThis.isPatient = isPatient;
      globalThis.isFull = isFull;
      const { early, earlyImage } = request;
      tell(["start", { isPatient, isFull, isForImage, early, earlyImage }]);
      return ({ ${ENGINE_METHODS} }).start(request);
    },
    open(_session, _request, { wake = "none" }) {
      const { doNotWake = [], hasNoImage } = api.faults;
      globalThis.wake = isPatient && !hasNoImage ? wake : "none";
      tell(["open", globalThis.wake]);
      if (api.faults.lacksLoading && globalThis.wake === "none" && !isFull)
        return api.broken({ isFitted: true });
      if (doNotWake.includes(globalThis.wake)) return api.broken();
      const { value } = ({ ${ENGINE_METHODS} }).open();
      const image = { key: ${JSON.stringify(IMAGE_KEY)}, place: "indexeddb", bytes: 4096, readMs: 2, restoreMs: 1 };
      const woken = globalThis.wake === "none" ? {} : { image };
      const { isDamaged } = api.faults;
      const waking = { step: globalThis.wake, reason: hasNoImage ? "there is none" : "as asked", isDamaged, ...woken };
      return { ok: true, value: wake === "none" ? value : { ...value, waking } };
    },
    run(session, { x }) {
      const { traps = [], crashes = [], hangs = [] } = api.faults;
      tell(["run", wake, x.data[0]]);
      if (x.data[0] === ${TRAP} && hangs.includes(wake)) return new Promise(() => {});
      if (x.data[0] === ${TRAP} && crashes.includes(wake)) return api.broken();
      if (x.data[0] === ${TRAP} && traps.includes(wake)) return api.broken({ isFitted: wake === "run" });
      return ({ ${ENGINE_METHODS} }).run(session, { x });
    },
    hibernate() {
      if (api.faults.isRefused)
        return { ok: false, error: { name: "SelvedgeError", code: "no-candidate", message: "no index" } };
      if (api.faults.isFull)
        return { ok: false, error: { name: "SelvedgeError", code: "storage-full", message: "no more room" } };
      const { refusal } = api.faults;
      if (refusal !== undefined)
        return { ok: false, error: { name: "InvalidStateError", message: refusal } };
      const key = ${JSON.stringify(IMAGE_KEY)};
      return { ok: true, value: { key, bytes: 4096, place: "indexeddb", makeMs: 1, writeMs: 1 } };
    },
    checkWoken() {
      if ((api.faults.checkTraps ?? []).includes(wake)) return api.broken({ isFitted: wake === "run" });
      const holds = !api.faults.isWrong;
      return { ok: true, value: { holds, finding: holds ? "bit for bit" : "y[0] is 2, not 1" } };
    },
    requireWhole() {
      return { ok: true };
    },
    quarantine(key, reason) {
      tell(["quarantine", key, reason]);
      return { ok: true };
    },
  `;
}
