/**
 * The image of an engine: a one-threaded onnxruntime-web that has created a session, written down as the
 * pages of its memory that are not zero, and its mutable globals. Restored into a fresh runtime of the
 * same wasm, it goes on from there.
 */

/** Memory is looked at in pages of so many bytes; what is zero throughout is not kept. */
export const IMAGE_PAGE_BYTES = 4096;

/** The unit that WebAssembly's memory grows by, in bytes. */
export const WASM_PAGE_BYTES = 65_536;

/** Grows when an image is written, or restored, in another way: older ones are not woken. */
export const IMAGE_FORMAT = 3;

/** A stretch of memory: where it begins and how long it is, in bytes. */
export type ImageRun = readonly [offset: number, length: number];

/** What is known of an image besides the pages. */
export interface ImageHead {
  readonly format: typeof IMAGE_FORMAT;
  /** What it is an image of; see `imageKey`. */
  readonly key: string;
  /** The runtime's whole memory, in bytes: a multiple of `WASM_PAGE_BYTES`. */
  readonly memoryBytes: number;
  /** Elements of the runtime's function table. */
  readonly tableLength: number;
  /** Values of the mutable globals, by the names they are exported under; 64-bit ones as decimals. */
  readonly globals: Readonly<Record<string, number | string>>;
  /** The stretches of memory that are kept, in order, apart from each other; whole pages. */
  readonly runs: readonly ImageRun[];
  /** Where in the memory the session is. */
  readonly session: number;
  /** Digest of the pages, one after the other, in lower-case hex: see `PagesDigest`. */
  readonly sha256: string;
  /** SHA-256 of what the session answered to the pack's first golden inputs: `commitToTensors(key, outputs)`. */
  readonly answers: string;
}

/** How many bytes of pages an image has. */
export function imageBytes({ runs }: Pick<ImageHead, "runs">): number {
  return runs.reduce((sum, [, length]) => sum + length, 0);
}
