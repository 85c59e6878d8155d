/** A GPU that the browser offers, as far as it decides where a model can run. */
export interface FoundGpu {
  readonly found: true;
  /** Whether it is software that passes for a GPU. */
  readonly isFallback: boolean;
  /** What to call it to people. */
  readonly description: string;
  /** As the browser gives them, which is coarse; empty where it does not say. */
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  /** What it has of WebGPU's optional features, such as `shader-f16`; in alphabetical order. */
  readonly features: readonly string[];
  readonly limits: GpuLimits;
}

/** Bytes. What a tensor has to fit in. */
export interface GpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** Whether this device has a GPU worth proving a model on, and why not. */
export type Gpu = FoundGpu | { readonly found: false; readonly reason: string };

/** Where a handle keeps its GPU for a while, so that the models of a page ask for it once. */
export interface GpuMemory {
  asked?: { readonly at: number; readonly gpu: Promise<Gpu> } | undefined;
}

/** The part of WebGPU that is looked at, as TypeScript's own library lacks it. */
interface GpuNavigator {
  readonly gpu?: {
    requestAdapter(options: {
      readonly powerPreference?: "high-performance";
    }): Promise<GpuAdapter | null>;
  };
  readonly userAgent?: string;
}

interface GpuAdapter {
  readonly isFallbackAdapter?: boolean;
  readonly features?: Iterable<string>;
  readonly limits?: Partial<GpuLimits>;
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly vendor?: string;
    readonly architecture?: string;
    readonly device?: string;
    readonly description?: string;
  };
}

/** Asking is not answered at all for a while after the GPU's process has crashed. */
const DEADLINE_MS = 5_000;

/** A GPU can go, with its driver or its plug: what was found is not believed for long. */
const BELIEVED_MS = 30_000;

/** What WebGPU guarantees of every adapter: https://www.w3.org/TR/webgpu/#limit-default */
const GUARANTEED: GpuLimits = {
  maxBufferSize: 256 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
};

/**
 * Asks the browser for a GPU. Never rejects, and answers within five seconds.
 *
 * @param memory is asked first, and keeps what is found for a while; that there is none is not kept.
 */
export async function findGpu(memory: GpuMemory = {}): Promise<Gpu> {
  const now = performance.now();
  const before = memory.asked;
  const asked =
    before !== undefined && now - before.at < BELIEVED_MS ? before : { at: now, gpu: ask() };
  memory.asked = asked;
  const gpu = await asked.gpu;
  if (!gpu.found && memory.asked === asked) memory.asked = undefined;
  return gpu;
}

async function ask(): Promise<Gpu> {
  const { gpu, userAgent = "" } = navigator as GpuNavigator;
  if (gpu === undefined) return { found: false, reason: "this browser has no WebGPU" };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const reason = `the browser did not answer within ${DEADLINE_MS / 1000} s`;
    timer = setTimeout(() => reject(new Error(reason)), DEADLINE_MS);
  });
  try {
    const adapter = await Promise.race([gpu.requestAdapter(preference(userAgent)), late]);
    return adapter === null
      ? { found: false, reason: "the browser offers no GPU adapter" }
      : factsOf(adapter);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { found: false, reason: `asking for a GPU failed: ${why}` };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Of two GPUs the faster: the one that onnxruntime-web asks for too. Chromium on Windows ignores that,
 * and warns of it on the console.
 */
function preference(userAgent: string): { readonly powerPreference?: "high-performance" } {
  return userAgent.includes("Windows") ? {} : { powerPreference: "high-performance" };
}

function factsOf({ info = {}, features = [], limits, isFallbackAdapter }: GpuAdapter): FoundGpu {
  const { vendor = "", architecture = "", device = "" } = info;
  const named = info.description || [vendor, architecture].filter(Boolean).join(" ");
  return {
    found: true,
    isFallback: info.isFallbackAdapter ?? isFallbackAdapter ?? false,
    description: named || "an unnamed GPU",
    vendor,
    architecture,
    device,
    features: [...features].sort(),
    limits: {
      maxBufferSize: limits?.maxBufferSize ?? GUARANTEED.maxBufferSize,
      maxStorageBufferBindingSize:
        limits?.maxStorageBufferBindingSize ?? GUARANTEED.maxStorageBufferBindingSize,
    },
  };
}
