import type { WasmFound } from "../engine-session.ts";
import { USUAL, type WasmChoice, type WasmPlan } from "../image/wasm-plan.ts";
import { streamModule } from "../runtime-file.ts";

/** Where the wasm of a build lies. */
export interface WasmPlace {
  /** URL of the folder, with a slash at its end. */
  readonly folder: string;
  /** The one that came with the library. */
  readonly usual: string;
}

/** A wasm that was compiled, and how it came to be that one. */
export type Compiled = WasmFound & { readonly module: WebAssembly.Module };

/**
 * Compiles the wasm that was planned while the image is read that wakes in it. Where one of the two is
 * not what it should be, nothing has been made of either yet, and the usual wasm is loaded.
 *
 * @throws SelvedgeError `assets-missing` where that is not there either.
 */
export async function compilePlanned(
  place: WasmPlace,
  planned: Promise<WasmPlan>,
  signal: AbortSignal,
): Promise<Compiled> {
  const plan = await planned;
  const { wasm, toWake, reason } = plan;
  if (toWake === undefined) return { ...(await compileEither(place, plan, signal)), reason };
  const { image, step } = toWake;
  try {
    const [found, module] = await Promise.all([image, stream(place, wasm, signal)]);
    return { module, kind: wasm.kind, plan, image: found, reason };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const module = await stream(place, USUAL, signal);
    return { module, ...asUsual(plan), reason: `step "${step}": ${why}` };
  }
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
  const compiling = stream(place, plan.wasm, first.signal);
  const better = async () => {
    const found = await plan.better;
    if (found === undefined) return Promise.reject<never>();
    const module = await stream(place, found.wasm, second.signal, () => first.abort());
    return { module, kind: found.wasm.kind, plan: found };
  };
  const planned = async () => ({ module: await compiling, kind: plan.wasm.kind, plan });
  try {
    return await Promise.any([planned(), better()]);
  } catch {
    if (signal.aborted || (plan.wasm === USUAL && !first.signal.aborted)) return await planned();
    return { module: await stream(place, USUAL, signal), ...asUsual(plan) };
  } finally {
    second.abort();
  }
}

/** Nothing is known of the wasm that came with the library: nothing is written down that was made in it. */
function asUsual(plan: WasmPlan): Pick<Compiled, "kind" | "plan"> {
  return { kind: "full", plan: { ...plan, wasm: USUAL } };
}

function stream(
  { folder, usual }: WasmPlace,
  { ref }: WasmChoice,
  signal: AbortSignal,
  onFound?: () => void,
): Promise<WebAssembly.Module> {
  return streamModule(folder + (ref?.file ?? usual), signal, ref?.sha256, onFound);
}

/** Not AbortSignal.any, which webviews of 2023 lack. */
function abortedBy(signal: AbortSignal): AbortController {
  const controller = new AbortController();
  if (signal.aborted) controller.abort(signal.reason);
  signal.addEventListener("abort", () => controller.abort(signal.reason));
  return controller;
}
