import { SelvedgeError } from "@selvedge/protocol";
import type {
  Build,
  EarlyWasm,
  EngineApi,
  EngineName,
  ImageAt,
  RuntimeStarted,
  WakeStep,
} from "../worker/engine-api.ts";
import type { Late, WorkerLink } from "../worker/worker-link.ts";
import { fittedFor } from "./head-start.ts";
import type { RuntimeShelf } from "./runtime-shelf.ts";
import { wasmHint } from "./wasm-hint.ts";

/** Loading a runtime: who waits for longer is told, and may try again. */
const START_TIMEOUT_MS = 120_000;

/** Which runtime a worker starts, and what for. */
export interface RuntimeStart {
  /** Absolute URL of the folder that holds the runtimes' folders, with a slash at its end. */
  readonly assets: string;
  readonly shelf: RuntimeShelf;
  /** Which to load ahead, while it is not known yet which the pack needs. */
  readonly engine: EngineName;
  readonly build: Build;
  /** What may be woken in it. */
  readonly wake: WakeStep;
  /** Where the image is that is likely woken. */
  readonly image?: ImageAt | undefined;
  /** Whether it has to have all of the runtime, as a part that was fitted has trapped. */
  readonly isFull: boolean;
  /** Whether its engine is to be written down. */
  readonly isForImage: boolean;
}

/** Starts a runtime in a worker, with what the page has kept of others and knows of those before it. */
export function startRuntime(
  link: WorkerLink<EngineApi>,
  { assets, shelf, engine, build, wake, image, isFull, isForImage }: RuntimeStart,
): Promise<RuntimeStarted> {
  const isPatient = wake !== "none";
  const { isNew } = wasmHint;
  const request = {
    ...{ assets, build, engine, isPatient, isFull, isForImage },
    ...(isNew && { isNew }),
    ...(isPatient && { earlyImage: image }),
  };
  // All of the runtime is what is streamed where nothing else is said.
  const mayBeFitted = !isFull || wake === "run";
  const mayBeEarly = engine === "onnx" && build === "wasm" && mayBeFitted && !isForImage;
  const start = (module: WebAssembly.Module | undefined) => {
    const wasm = module && shelf.kindOf(module);
    const kept = { ...(module && { module }), ...(wasm && { wasm }) };
    const early = module === undefined && mayBeEarly ? earlyFor(wake, shelf) : undefined;
    const started = link.call(
      (remote) => remote.start({ ...request, ...kept, ...(early && { early }) }),
      // What waits for its pack waits for a download, which takes as long as the link does.
      isPatient ? {} : { timeoutMs: START_TIMEOUT_MS, late: waitsForFiles(assets) },
    );
    started.then(
      (runtime) => noteFitted(runtime, { wake, early }),
      () => undefined,
    );
    return started;
  };
  const kind = `${engine} in ${build}${isFull ? ", all of it" : ""}`;
  // Nothing is woken in a Module that is kept: its wasm streams while the image is read.
  return isPatient ? shelf.keep(kind, start(undefined)) : shelf.start(kind, start);
}

/** The wasm that a worker likely needs: what one before it had. */
function earlyFor(wake: WakeStep, { running }: RuntimeShelf): EarlyWasm | undefined {
  return wake === "run" && running !== undefined ? running : fittedFor(wake);
}

/**
 * Remembers which fitted wasm it was, and of what was taken to be needed in vain that it is not there.
 * That there was none is worth knowing too, unless another worker had one meanwhile.
 */
function noteFitted(
  { wasm, fitted }: RuntimeStarted,
  { wake, early }: { readonly wake: WakeStep; readonly early: EarlyWasm | undefined },
): void {
  const isMissed = early !== undefined && wasm === "full";
  if (fitted !== undefined) wasmHint.note(wasm === "run" ? "run" : "load", fitted);
  else if (isMissed || wasmHint.isNew) wasmHint.note(wake === "none" ? "load" : "run", undefined);
}

/** A slow link says nothing of the place, or of the pack: neither is to be given up for it. */
function waitsForFiles(url: string): Late<EngineApi> {
  const reason = new SelvedgeError(
    "assets-missing",
    `The runtime did not come from ${url} and start within ${START_TIMEOUT_MS / 1000} s. The next call tries again; have the host compress its files where the link is slow.`,
    { detail: { url, timeoutMs: START_TIMEOUT_MS } },
  );
  return { reason, ask: (remote) => remote.surroundings() };
}
