import fc from "fast-check";
import { expect, test } from "vitest";
import { scrub } from "./scrub.ts";

const MEMORY_BYTES = 64 * 65_536;
const HEAP_FROM = 65_536;
const STACK = { end: 4096, pointer: 60_000 };
const SECRET = 0xa5;

/** An allocator that takes the first gap that is large enough, and grows for nobody. */
class FirstFit {
  readonly memory = { buffer: new ArrayBuffer(MEMORY_BYTES) };
  readonly blocks = new Map<number, number>();
  readonly bytes = new Uint8Array(this.memory.buffer);

  readonly malloc = (size: number): number => {
    let at = HEAP_FROM;
    for (const [from, length] of [...this.blocks].sort(([a], [b]) => a - b)) {
      if (from - at >= size) break;
      at = from + length;
    }
    if (at + size > MEMORY_BYTES) return 0;
    this.blocks.set(at, Math.ceil(size / 16) * 16);
    return at;
  };

  readonly free = (address: number): void => {
    if (!this.blocks.delete(address)) throw new Error(`${address} is no block`);
  };
}

const sizes = fc.array(
  fc.record({ size: fc.integer({ min: 1, max: 5000 }), isFreed: fc.boolean() }),
  { minLength: 1, maxLength: 60 },
);

test("nothing is left of what was freed, and all of what is in use", () => {
  fc.assert(
    fc.property(sizes, (wanted) => {
      const runtime = new FirstFit();
      const taken = wanted.map(({ size, isFreed }) => {
        const address = runtime.malloc(size);
        runtime.bytes.fill(isFreed ? SECRET : 1, address, address + size);
        return { address, size, isFreed };
      });
      for (const { address, isFreed } of taken) if (isFreed) runtime.free(address);
      const before = new Map(runtime.blocks);
      scrub({ ...runtime, stack: STACK });
      expect(runtime.bytes.includes(SECRET)).toBe(false);
      for (const { address, size, isFreed } of taken)
        if (!isFreed)
          expect(runtime.bytes.subarray(address, address + size).every((byte) => byte === 1)).toBe(
            true,
          );
      expect(new Map([...runtime.blocks].sort())).toEqual(new Map([...before].sort()));
    }),
    { numRuns: 30 },
  );
});

test("the dead part of the stack is zeroed, and the living part is left", () => {
  const runtime = new FirstFit();
  runtime.bytes.fill(SECRET, STACK.end, STACK.pointer + 100);
  scrub({ ...runtime, stack: STACK });
  expect(runtime.bytes.subarray(STACK.end, STACK.pointer).every((byte) => byte === 0)).toBe(true);
  const living = runtime.bytes.subarray(STACK.pointer, STACK.pointer + 100);
  expect(living.every((byte) => byte === SECRET)).toBe(true);
});

test("memory that was never used is not asked for, so that none of it grows", () => {
  const runtime = new FirstFit();
  runtime.bytes[runtime.malloc(16)] = 1;
  let highest = 0;
  const malloc = (size: number) => {
    const address = runtime.malloc(size);
    if (address !== 0) highest = Math.max(highest, size);
    return address;
  };
  scrub({ ...runtime, malloc, stack: STACK });
  expect(highest).toBeLessThanOrEqual(MEMORY_BYTES - HEAP_FROM);
  expect(runtime.blocks.size).toBe(1);
});
