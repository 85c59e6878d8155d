import type { RuntimeFileRef, RuntimeIndex } from "@selvedge/protocol";
import type { PackChoice } from "../../store/database.ts";
import type { WakeStep, WasmKind } from "../../worker/engine-api.ts";
import type { SoundImage } from "./read-image.ts";

/** A wasm to compile. */
export interface WasmChoice {
  readonly kind: WasmKind;
  /** Pinned by its digest; absent: the one that came with the library. */
  readonly ref?: RuntimeFileRef;
}

/** An image that is being read, and the pack that it is one of. */
export interface ImageToWake extends PackChoice {
  readonly key: string;
  /** The one that was planned: where its wasm cannot be had, it wakes at the next. */
  readonly step: Exclude<WakeStep, "none">;
  /** Rejects with an Error that says why it cannot be woken. */
  readonly image: Promise<SoundImage>;
}

/** What a worker's onnxruntime is to be. */
export interface WasmPlan {
  readonly wasm: WasmChoice;
  /** What its first session is woken from. */
  readonly toWake?: ImageToWake;
  /** Why that is so, for people. */
  readonly reason: string;
  /** What lies beside the runtime's files, where that was looked at. */
  readonly index?: RuntimeIndex;
  /** Called where a file that the index names cannot be had: the host has others by now. */
  readonly onLack?: () => void;
  /** What turns out to be better while the wasm is still compiling, if anything. Never rejects. */
  readonly better?: Promise<WasmPlan | undefined>;
}

/** Every model can be loaded in it. */
export const USUAL: WasmChoice = { kind: "full" };
