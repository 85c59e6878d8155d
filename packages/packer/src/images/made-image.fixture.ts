import {
  type BareImage,
  differenceFrom,
  digestPages,
  IMAGE_FORMAT,
  type ImageDifference,
  snapshot,
  WASM_PAGE_BYTES,
} from "@selvedge/protocol";
import { seededRandom } from "../golden/seeded-random.ts";

/** An image that no runtime ever had: a small memory, most of which is as it was in the bare one. */
export async function madeImage(): Promise<{ bare: BareImage; difference: ImageDifference }> {
  const random = seededRandom(7);
  const memory = new Uint8Array(4 * WASM_PAGE_BYTES);
  for (let i = 0; i < memory.length; i += 5000) memory[i] = 1 + Math.floor(random() * 255);
  memory.fill(0, WASM_PAGE_BYTES, 2 * WASM_PAGE_BYTES);
  const bare = { memoryBytes: memory.length, ...snapshot(memory.buffer) };
  const grown = new Uint8Array(6 * WASM_PAGE_BYTES);
  grown.set(memory);
  for (let i = 70_000; i < 90_000; i += 3) grown[i] = Math.floor(random() * 256);
  grown.fill(0, 3 * WASM_PAGE_BYTES, 3.5 * WASM_PAGE_BYTES);
  grown[5 * WASM_PAGE_BYTES] = 9;
  const { runs, pages } = snapshot(grown.buffer);
  const { changed, pages: differing } = differenceFrom(bare, grown.buffer);
  const head = {
    format: IMAGE_FORMAT,
    memoryBytes: grown.length,
    tableLength: 12,
    globals: { $0: 66_560, $1: "-5" },
    runs,
    session: 70_004,
    sha256: await digestPages(pages),
    answers: { y: { dtype: "float32" as const, dims: [1, 2], sha256: "ab".repeat(32) } },
    changed,
  } as const;
  return { bare, difference: { head, pages: differing } };
}
