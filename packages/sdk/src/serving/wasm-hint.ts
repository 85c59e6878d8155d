import type { FittedRef } from "../worker/engine-api.ts";
import { localText } from "./local-text.ts";

/** What runs only woken engines, or loads any. */
type Fitted = "load" | "run";

/** That there was none. */
const NONE = "none";

const IS_FILE = /^[\w.-]+\.wasm$/;
const IS_DIGEST = /^[\da-f]{64}$/;

/**
 * Which fitted wasm the engines of an origin had last: the next worker streams it before it has looked
 * anything up, and runs it only where that is what it finds. A hint that is wrong costs time, and nothing
 * else.
 */
export const wasmHint = {
  of(fitted: Fitted): FittedRef | undefined {
    const [file = "", sha256 = ""] = localText.read(keyOf(fitted)).split(" ");
    return IS_FILE.test(file) && IS_DIGEST.test(sha256) ? { file, sha256 } : undefined;
  },

  /** @param ref absent: it had none that was fitted */
  note(fitted: Fitted, ref: FittedRef | undefined): void {
    localText.keep(keyOf(fitted), ref === undefined ? NONE : `${ref.file} ${ref.sha256}`);
  },

  /** Whether no engine of this origin has started, as far as is known. */
  get isNew(): boolean {
    return localText.read(keyOf("load")) === "" && localText.read(keyOf("run")) === "";
  },
};

function keyOf(fitted: Fitted): string {
  return `selvedge.wasm ${fitted}`;
}
