/** Whether this device has a GPU worth proving a model on, and why not. */
export type Gpu =
  | {
      readonly found: true;
      readonly isFallback: boolean;
      readonly description: string;
      /** What it has of WebGPU's optional features, such as `shader-f16`. */
      readonly features: readonly string[];
    }
  | { readonly found: false; readonly reason: string };

/** The part of WebGPU that is looked at, as TypeScript's own library lacks it. */
interface GpuNavigator {
  readonly gpu?: {
    requestAdapter(): Promise<{
      readonly isFallbackAdapter?: boolean;
      readonly features?: Iterable<string>;
      readonly info?: {
        readonly isFallbackAdapter?: boolean;
        readonly vendor?: string;
        readonly architecture?: string;
      };
    } | null>;
  };
}

/** Asks the browser for a GPU. Never rejects. */
export async function findGpu(): Promise<Gpu> {
  const { gpu } = navigator as GpuNavigator;
  if (gpu === undefined) return { found: false, reason: "this browser has no WebGPU" };
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return { found: false, reason: "the browser offers no GPU adapter" };
    const { vendor = "", architecture = "" } = adapter.info ?? {};
    return {
      found: true,
      isFallback: adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false,
      description: `${vendor} ${architecture}`.trim() || "unnamed adapter",
      features: [...(adapter.features ?? [])],
    };
  } catch (error) {
    return {
      found: false,
      reason: `asking for a GPU failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
