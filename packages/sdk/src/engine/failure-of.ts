import { type ErrorCode, SelvedgeError } from "@selvedge/protocol";

/** What a runtime was doing, and where. */
export interface Attempt {
  /** Such as "onnxruntime-web could not run the model on webgpu". */
  readonly what: string;
  /** What it is where the runtime has merely refused, and what to do then. */
  readonly refusal: { readonly code: ErrorCode; readonly advice: string };
  readonly detail: Readonly<Record<string, string>>;
}

/** How memory that ran out shows: C++, the wasm's own growth, a GPU's buffers, typed arrays. */
const OUT_OF_MEMORY =
  /bad_alloc|out of memory|\bOOM\b|OutOfMemory|enlarge memory|memory\.grow|failed to allocate memory|(array ?buffer|array) allocation failed|invalid (typed )?array length/i;

/** How an initialisation that failed shows, which onnxruntime-web never tries again in one worker. */
const NOT_INITIALISED =
  /no available backend|initializ(e|ing|ed)?(WebAssembly)?\(?\)?' (failed|detected)|initializing failed|not initialized yet/i;

/** How a GPU that is gone shows, where it shows before `device.lost` says so. */
const DEVICE_LOST =
  /device (was|is) lost|\[?device\]? is lost|lost device|external instance reference no longer exists|instance dropped/i;

/** A stack that overflows unwinds wasm's frames without their clean-up, as a trap does. */
const OVERFLOWN = /call stack size exceeded|too much recursion/i;

/**
 * What a failure of a runtime means: whether it refused a model or an input, and can go on, or has to be
 * given up with its worker.
 */
export function failureOf(
  cause: unknown,
  { what, refusal, detail }: Attempt,
  isDeviceLost = false,
): SelvedgeError {
  if (cause instanceof SelvedgeError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const { code, advice, ...more } = kindOf(cause, message, isDeviceLost) ?? refusal;
  return new SelvedgeError(code, `${what}: ${message}. ${advice}`, {
    cause,
    detail: { ...detail, ...more },
  });
}

function kindOf(
  cause: unknown,
  message: string,
  isDeviceLost: boolean,
): { code: ErrorCode; advice: string; hasRun?: boolean; isBroken?: boolean } | undefined {
  if (isDeviceLost || DEVICE_LOST.test(message))
    return {
      code: "device-lost",
      advice: "The GPU was reset or taken away; a fresh engine finds out whether it is back.",
    };
  if (OUT_OF_MEMORY.test(message))
    return {
      code: "out-of-memory",
      advice: "Free memory on the device, or load a smaller model or dtype.",
    };
  const isTrap = cause instanceof WebAssembly.RuntimeError || OVERFLOWN.test(message);
  // What C++ throws and nobody catches arrives as a bare number, the address of the exception.
  if (isTrap || typeof cause === "number")
    return { code: "engine-crashed", advice: "A fresh engine is needed.", hasRun: true };
  if (NOT_INITIALISED.test(message))
    return { code: "session-failed", advice: "A fresh engine is needed.", isBroken: true };
  return undefined;
}
