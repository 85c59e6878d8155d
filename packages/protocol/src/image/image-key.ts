import { sha256 } from "../sha256.ts";
import { IMAGE_FORMAT } from "./memory-image.ts";

/** Everything that an image depends on. */
export interface ImageSubject {
  /** SHA-256 of the full runtime's wasm, with its globals exported, in lower-case hex. */
  readonly wasm: string;
  /** SHA-256 of the runtime's glue. */
  readonly glue: string;
  /** SHA-256 of the pack's manifest, which names every byte of the model. */
  readonly pack: string;
  readonly dtype: string;
  /** How the session was created: every option that was given, in any order. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** What the runtime took itself to run in. */
  readonly host: "worker" | "window" | "node";
}

/**
 * The key of an image: 64 hex digits, others where anything differs that it depends on. Runtimes of one
 * thread only are ever written down, so that the number of threads is no part of it.
 */
export function imageKey({
  wasm,
  glue,
  pack,
  dtype,
  settings,
  host,
}: ImageSubject): Promise<string> {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([IMAGE_FORMAT, wasm, glue, pack, dtype, sorted, host]);
  return sha256(new TextEncoder().encode(text));
}
