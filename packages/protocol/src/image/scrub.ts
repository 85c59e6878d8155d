/** What scrubbing needs of a live runtime. */
export interface ScrubbedRuntime {
  /** It may be replaced as the memory grows: it is read anew each time. */
  readonly memory: { readonly buffer: ArrayBufferLike };
  /** Answers 0 where there is no room. */
  readonly malloc: (bytes: number) => number;
  readonly free: (address: number) => void;
  /** The lowest address of the stack, which grows downwards, and where it stands now. */
  readonly stack: { readonly end: number; readonly pointer: number };
}

/** The allocator's smallest block, and the step that sizes are a multiple of, in bytes. */
const GRAIN = 16;

/** What is left unasked for at the top, so that no allocation makes the memory grow. */
const HEADROOM = 65_536;

/** Blocks above this are asked for in sizes that shrink by a quarter, below it by a grain. */
const SMALL = 4096;

/**
 * Zeroes what a runtime's memory still holds and nobody uses: the dead part of the stack, and every block
 * that was freed. Freed memory can hold anything that ever went through the runtime, and pages of it would
 * be kept for nothing.
 */
export function scrub({ memory, malloc, free, stack }: ScrubbedRuntime): void {
  new Uint8Array(memory.buffer, stack.end, stack.pointer - stack.end).fill(0);
  // Above this everything is zero already, and is better left untouched.
  const used = endOfUse(memory.buffer);
  const headroom = memory.buffer.byteLength - used - HEADROOM;
  const taken: number[] = [];
  const largest = Math.max(HEADROOM, headroom - (headroom % HEADROOM));
  for (let size = largest; size >= GRAIN; size = nextSize(size)) {
    for (;;) {
      const address = malloc(size);
      if (address === 0) break;
      const end = address + size;
      if (address < used)
        new Uint8Array(memory.buffer, address, Math.min(end, used) - address).fill(0);
      if (end > used) {
        free(address);
        break;
      }
      taken.push(address);
    }
  }
  for (const address of taken) free(address);
}

function nextSize(size: number): number {
  return size > SMALL ? Math.floor((size * 3) / 4 / GRAIN) * GRAIN : size - GRAIN;
}

/** The address behind the last byte that is not zero. */
function endOfUse(buffer: ArrayBufferLike): number {
  const words = new Uint32Array(buffer);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) end--;
  return end * words.BYTES_PER_ELEMENT;
}
