import type { Orders } from "./orders.ts";

/** `(module (func (export "trap") unreachable))` */
const TRAP = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
  ...[0x03, 0x02, 0x01, 0x00, 0x07, 0x08, 0x01, 0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x00],
  ...[0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b],
]);

/** Leaves a wasm by a trap, as a kernel does that was compiled wrongly. */
export function trap(): never {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(TRAP));
  (exports["trap"] as () => void)();
  throw new Error("a trap does not return");
}

/** Lets a worker's runtime fail to start, or run out of memory, where that is an order. */
export function breakWasm(orders: Orders): void {
  const { Memory, instantiate } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      const limits = orders.all("memory").map(({ maxPages }) => maxPages);
      const { maximum = 65536 } = descriptor;
      super({ ...descriptor, maximum: Math.min(maximum, ...limits) });
    }
  };
  const broken = (...args: Parameters<typeof instantiate>) =>
    orders.has("init")
      ? Promise.reject(new RangeError("WebAssembly.instantiate(): Out of memory"))
      : instantiate(...args);
  WebAssembly.instantiate = broken as typeof instantiate;
}
