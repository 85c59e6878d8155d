import type { Diagnosis } from "selvedge";
import { element } from "../ui/element.ts";
import { make } from "../ui/make.ts";
import { formatBytes, formatGiB } from "../ui/quantities.ts";

type Trait = readonly [name: string, value: string];

/** What the device is, what it keeps, and whether the runtimes' files are there. */
export function showDevice({ device, store, assets }: Diagnosis): void {
  put("device", deviceTraits(device));
  put("store", storeTraits(store, device.storage));
  put("assets", assetTraits(assets));
}

function put(id: string, traits: readonly Trait[]): void {
  element(id, HTMLElement).replaceChildren(
    ...traits.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))),
  );
}

function deviceTraits({ browser, gpu, ...device }: Diagnosis["device"]): Trait[] {
  const { cores, deviceMemoryBytes: memory } = device;
  const wasm = [
    device.hasWasmSimd ? "SIMD" : "no SIMD",
    ...(device.hasJspi ? ["JSPI"] : []),
    "one thread",
  ];
  return [
    ["Browser", `${browser.brand} ${browser.version} on ${browser.platform}`],
    ["Cores", cores === undefined ? "not told" : String(cores)],
    ["Memory", memory === undefined ? "not told" : `about ${formatGiB(memory)}`],
    ["WASM", wasm.join(", ")],
    ...gpuTraits(gpu),
  ];
}

function gpuTraits(gpu: Diagnosis["device"]["gpu"]): Trait[] {
  if (!gpu.found) return [["GPU", `none: ${gpu.reason}`]];
  const { limits, description, isFallback, features } = gpu;
  return [
    ["GPU", isFallback ? `${description}, a fallback adapter` : description],
    ["16-bit floats", features.includes("shader-f16") ? "yes" : "no"],
    ["Largest buffer", formatGiB(limits.maxBufferSize)],
    ["Largest binding", formatGiB(limits.maxStorageBufferBindingSize)],
  ];
}

function storeTraits(
  { kind, reason, packs, bytes }: Diagnosis["store"],
  { usage, quota, isPersisted }: Diagnosis["device"]["storage"],
): Trait[] {
  const where = kind === "persistent" ? "in IndexedDB" : (reason ?? kind);
  return [
    ["Models", `${formatBytes(bytes)}, ${where}`],
    ...packs.map((pack): Trait => [`${pack.name}@${pack.version}`, formatBytes(pack.bytes)]),
    ...(usage === undefined || quota === undefined
      ? []
      : [["This site", `${formatBytes(usage)} of ${formatBytes(quota)}`] as const]),
    ["May be evicted", isPersisted === undefined ? "not told" : isPersisted ? "no" : "yes"],
  ];
}

/** A line for what each build is short of; files that are all there are one line. */
function assetTraits({ files }: Diagnosis["assets"]): Trait[] {
  const missing = files.filter(({ state }) => state === "wrong" || state === "unreachable");
  const there = files.length - missing.length;
  const kept = files.filter(({ state }) => state === "kept").length;
  return [
    ["There", `${there} of ${files.length}${kept > 0 ? `, ${kept} kept by this page` : ""}`],
    ...missing.map(({ file, reason = "" }): Trait => [file.replace(/^.*\//, ""), reason]),
  ];
}
