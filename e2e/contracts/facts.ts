/** What a browser has of what Selvedge makes use of. Contracts differ by these, never by a browser's name. */
export interface Facts {
  /** An adapter is there for the asking. */
  readonly hasWebGpu: boolean;
  /** The adapter computes in software, and says so. */
  readonly isFallbackAdapter: boolean;
  readonly hasShaderF16: boolean;
  readonly hasJspi: boolean;
  readonly hasSharedMemory: boolean;
  readonly isIsolated: boolean;
}

/** The part of WebGPU that is looked at, as TypeScript's own library lacks it. */
interface GpuNavigator {
  readonly gpu?: {
    requestAdapter(): Promise<{
      readonly features: ReadonlySet<string>;
      readonly info?: { readonly isFallbackAdapter?: boolean };
    } | null>;
  };
}

/** Looks for them in the page that this runs in. */
export async function readFacts(): Promise<Facts> {
  const adapter = await (navigator as GpuNavigator).gpu?.requestAdapter();
  return {
    hasWebGpu: adapter !== undefined && adapter !== null,
    isFallbackAdapter: adapter?.info?.isFallbackAdapter ?? false,
    hasShaderF16: adapter?.features.has("shader-f16") ?? false,
    hasJspi: "Suspending" in WebAssembly,
    hasSharedMemory: typeof SharedArrayBuffer !== "undefined",
    isIsolated: crossOriginIsolated,
  };
}
