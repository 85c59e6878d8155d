import type { FittedRef } from "../worker/engine-api.ts";

/** What runs only woken engines, or loads any. */
type Fitted = "load" | "run";

const IS_FILE = /^[\w.-]+\.wasm$/;
const IS_DIGEST = /^[\da-f]{64}$/;

/**
 * Which fitted wasm the engines of an origin had last: the next worker streams it before it has looked
 * anything up, and runs it only where that is what it finds. A hint that is wrong costs time, and nothing
 * else.
 */
export const wasmHint = {
  of(fitted: Fitted): FittedRef | undefined {
    const [file = "", sha256 = ""] = read(keyOf(fitted)).split(" ");
    return IS_FILE.test(file) && IS_DIGEST.test(sha256) ? { file, sha256 } : undefined;
  },

  /** @param ref absent: it had none that was fitted */
  note(fitted: Fitted, ref: FittedRef | undefined): void {
    const key = keyOf(fitted);
    const text = ref === undefined ? "" : `${ref.file} ${ref.sha256}`;
    if (read(key) === text) return;
    try {
      if (text === "") localStorage.removeItem(key);
      else localStorage.setItem(key, text);
    } catch {
      // As in `read`: what is not remembered is looked up.
    }
  },
};

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    // An opaque origin, a webview without storage, or a user who refuses it.
    return "";
  }
}

function keyOf(fitted: Fitted): string {
  return `selvedge.wasm ${fitted}`;
}
