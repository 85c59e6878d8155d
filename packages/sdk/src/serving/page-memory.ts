import type { Build, Opened } from "../worker/engine-api.ts";
import type { SessionMemory } from "./engine-worker.ts";

/** What a model takes of a page's memory. */
export interface ModelMemory {
  /**
   * `running`: in a worker. `suspended`: that was ended, to make room or because it failed, and the next
   * call starts another; its tensors stay in the store.
   */
  readonly state: "running" | "suspended";
  /**
   * Bytes that its worker holds: WebAssembly's memory, as measured after the last call, and an estimate
   * of what is on a GPU. 0 while it is suspended.
   */
  readonly engineBytes: number;
  /** How many other models are in the same worker. */
  readonly sharedWith: number;
  /** Its part of `engineBytes`, by what each model there is estimated at: the parts add up. */
  readonly shareBytes: number;
  /** Bytes of its graph and tensors in the store, which stay whatever its state. */
  readonly tensorBytes: number;
}

/** What the models of a page take of its memory, in bytes. */
export interface PageMemory {
  /** What all engines together are held to. */
  readonly budgetBytes: number;
  /**
   * What they hold. More than the budget while models that do not fit together are in use, or one is
   * too large for it by itself: it runs all the same.
   */
  readonly usedBytes: number;
  /** The engine workers, also those in which something is being proven. */
  readonly engines: readonly {
    readonly build: Build;
    readonly bytes: number;
    /** How many models are in it. */
    readonly sessions: number;
  }[];
  readonly models: readonly (ModelMemory & {
    readonly name: string;
    readonly version: string;
    readonly backend: "wasm" | "webgpu";
  })[];
}

/** What a model takes, from what its session does, if it has one. */
export function modelMemory(
  session: SessionMemory | undefined,
  { variants, dtype, engine, bytes }: Opened,
): ModelMemory {
  const variant = variants.find((one) => one.dtype === dtype && one.engine === engine);
  const tensorBytes = variant?.bytes ?? bytes;
  if (session === undefined)
    return { state: "suspended", engineBytes: 0, sharedWith: 0, shareBytes: 0, tensorBytes };
  return { state: "running", ...session, tensorBytes };
}
