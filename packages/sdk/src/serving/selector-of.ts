import { SelvedgeError } from "@selvedge/protocol";
import type { LoadOptions } from "../options.ts";
import { anchorsId } from "../public-keys.ts";
import type { PackSelector } from "../worker/keeper-api.ts";

/** What of a registry a call means where it starts, on WASM. */
export async function selectorOf(
  { registry, anchors }: { readonly registry: string; readonly anchors: string | undefined },
  name: string,
  { channel = "stable", version, dtype = "auto" }: LoadOptions,
): Promise<PackSelector> {
  const pin = version === undefined ? {} : { version };
  const under = anchors === undefined ? {} : { trust: await anchorsId(anchors) };
  const wanted = { registry, name, channel, dtype, ...pin, ...under };
  return { ...wanted, backend: "wasm", features: [] };
}

/** Whether a model starts on WASM whatever the device has, so that nothing need be asked of it. */
export function startsOnWasm({ backend = "auto" }: LoadOptions): boolean {
  return [backend].flat().every((one) => one === "auto" || one === "wasm");
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
