import type { WasmFound } from "../engine-session.ts";
import { USUAL, type WasmPlan } from "../image/wasm-plan.ts";
import { streamModule } from "../runtime-file.ts";
import type { EarlyModule } from "./early-module.ts";

/** Where the wasm of a build lies. */
export interface WasmPlace {
  /** URL of the folder, with a slash at its end. */
  readonly folder: string;
  /** The one that came with the library. */
  readonly usual: string;
  /** What is being compiled already, as it is likely needed. */
  readonly early?: EarlyModule | undefined;
}

/** A wasm that was compiled, and how it came to be that one. */
export type Compiled = WasmFound & { readonly module: WebAssembly.Module };

/**
 * Compiles the wasm that was planned while the image is read that wakes in it. What only runs and cannot
 * be had is followed by all of the runtime, for the same image. Where one of the two is not what it should
 * be, nothing has been made of either yet, and the usual wasm is loaded.
 *
 * @throws SelvedgeError `assets-missing` where that is not there either.
 */
export async function compilePlanned(
  place: WasmPlace,
  planned: Promise<WasmPlan>,
  signal: AbortSignal,
): Promise<Compiled> {
  const plan = await planned;
  const { toWake, reason } = plan;
  if (toWake === undefined) return { ...(await compileEither(place, plan, signal)), reason };
  const { image, step } = toWake;
  try {
    let why = reason;
    // Nothing has run in what cannot be had: the next step is taken here, at once.
    const next = (error: unknown) => {
      const { index } = plan;
      if (signal.aborted || step === "full" || index === undefined) throw error;
      why = whyNot(step, error);
      return compile(place, { ...plan, wasm: { kind: "full", ref: index.full } }, signal);
    };
    const compiling = compile(place, plan, signal).catch(next);
    const [found, compiled] = await Promise.all([image, compiling]);
    return { ...compiled, image: found, reason: why };
  } catch (error) {
    // What the plan keeps is kept for as long as the worker lives.
    image.then(({ letGo }) => letGo()).catch(() => undefined);
    signal.throwIfAborted();
    const why = whyNot(step, error);
    return { ...(await compile(place, asUsual(plan), signal)), reason: why };
  }
}

function whyNot(step: string, error: unknown): string {
  return `step "${step}": ${error instanceof Error ? error.message : String(error)}`;
}

/**
 * What was planned, or what turns out to be better: the first of the two to be compiled. The better one
 * has the line for itself once the host is known to have it.
 */
async function compileEither(
  place: WasmPlace,
  plan: WasmPlan,
  signal: AbortSignal,
): Promise<Omit<Compiled, "reason">> {
  const [first, second] = [abortedBy(signal), abortedBy(signal)];
  const planned = compile(place, plan, first.signal);
  const better = Promise.resolve(plan.better).then((found) =>
    found === undefined
      ? Promise.reject()
      : compile(place, found, second.signal, () => first.abort()),
  );
  try {
    return await Promise.any([planned, better]);
  } catch {
    if (signal.aborted || (plan.wasm === USUAL && !first.signal.aborted)) return planned;
    return compile(place, asUsual(plan), signal);
  } finally {
    second.abort();
  }
}

/** Nothing is known of the wasm that came with the library: nothing is written down that was made in it. */
function asUsual(plan: WasmPlan): WasmPlan {
  return { ...plan, wasm: USUAL };
}

async function compile(
  { folder, usual, early }: WasmPlace,
  plan: WasmPlan,
  signal: AbortSignal,
  onFound?: () => void,
): Promise<Omit<Compiled, "reason">> {
  const { kind, ref } = plan.wasm;
  const there = await early?.take(ref);
  if (there !== undefined) return { module: there, kind, plan };
  const url = folder + (ref?.file ?? usual);
  try {
    return { module: await streamModule(url, signal, ref?.sha256, onFound), kind, plan };
  } catch (error) {
    if (ref !== undefined && !signal.aborted) plan.onLack?.();
    throw error;
  }
}

/** Not AbortSignal.any, which webviews of 2023 lack. */
function abortedBy(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  return controller;
}
