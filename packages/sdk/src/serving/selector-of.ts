import { SelvedgeError } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import { anchorsId } from "../public-keys.ts";
import type { PackSelector } from "../worker/keeper-api.ts";

/**
 * What of a registry a call means on this device. What a GPU has is asked before anything is fetched.
 *
 * @throws SelvedgeError `no-candidate` where a GPU is asked for that is not there.
 */
export async function selectorOf(
  { registry, anchors }: { readonly registry: string; readonly anchors: string | undefined },
  name: string,
  options: LoadOptions,
): Promise<PackSelector> {
  const { channel = "stable", version, dtype = "auto", backend } = options;
  const pin = version === undefined ? {} : { version };
  const under = anchors === undefined ? {} : { trust: await anchorsId(anchors) };
  const wanted = { registry, name, channel, dtype, ...pin, ...under };
  if (backend !== "webgpu") return { ...wanted, backend: "wasm", features: [] };
  return { ...wanted, backend, features: await requireGpu(name) };
}

/** @throws SelvedgeError where this page cannot hold a model whatever it is. */
export function requireCapable(): void {
  if (!isSecureContext || crypto.subtle === undefined)
    throw new SelvedgeError(
      "insecure-context",
      `This page (${location.origin}) is not a secure context, so the browser gives it no crypto.subtle to verify models with. Serve it over https, or from localhost.`,
    );
  if (typeof Worker === "undefined" || typeof WebAssembly === "undefined")
    throw new SelvedgeError(
      "unsupported",
      "This browser has no Worker or no WebAssembly, which models run in. Update it, or use another.",
    );
}

/** @returns what the GPU has of WebGPU's optional features */
async function requireGpu(name: string): Promise<readonly string[]> {
  const { findGpu } = await import("../proving/gpu.ts");
  const gpu = await findGpu();
  if (gpu.found) return gpu.features;
  throw new SelvedgeError(
    "no-candidate",
    `${name} was asked for on WebGPU, but ${gpu.reason}. Load it with backend "auto" or "wasm".`,
  );
}
