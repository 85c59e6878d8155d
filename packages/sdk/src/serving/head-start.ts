import type { LoadOptions } from "../options.ts";
import type { HeadStart, WakeStep } from "../worker/engine-api.ts";
import { startsOnWasm } from "./selector-of.ts";
import { loadHint, storedHint, wakeHint } from "./wake-hint.ts";
import { wasmHint } from "./wasm-hint.ts";

/** What a page does with engines, whatever it loads. */
interface HeadStartOptions {
  readonly assets: string;
  /** Whether an image may be woken. */
  readonly mayWake: boolean;
  /** Whether one that ships with a pack may be. */
  readonly mayShip: boolean;
}

/** What the engine worker of a model can begin with; `undefined` where that may not start on WASM. */
export function headStartOf(
  name: string,
  options: LoadOptions,
  { assets, mayWake, mayShip }: HeadStartOptions,
): HeadStart | undefined {
  if (!startsOnWasm(options)) return undefined;
  const step = mayWake ? wakeHint.of(name) : "none";
  if (step !== "none") return { assets, wasm: fittedFor(step), image: wakeHint.imageOf(name) };
  if (wasmHint.isNew) return { assets, isNew: true };
  if (mayWake && mayShip && !storedHint.isNoted(name)) return { assets, wasm: fittedFor("run") };
  return { assets, wasm: loadHint.isFull(name) ? undefined : fittedFor(step) };
}

/** The fitted wasm that a step likely needs. */
export function fittedFor(step: WakeStep): HeadStart["wasm"] {
  return step === "full" ? undefined : wasmHint.of(step === "none" ? "load" : "run");
}
