import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { rewriteRuntime } from "@selvedge/packer";
import {
  type FittedWasm,
  parseRuntimeIndex,
  RUNTIME_INDEX,
  type RuntimeFileRef,
  type RuntimeIndex,
  SelvedgeError,
  sha256,
} from "@selvedge/protocol";

/** A runtime as onnxruntime-web ships it. */
export interface ShippedRuntime {
  readonly version: string;
  readonly glue: { readonly file: string; readonly bytes: Uint8Array<ArrayBuffer> };
  readonly wasm: { readonly file: string; readonly bytes: Uint8Array<ArrayBuffer> };
}

/** The wasm to host in place of the one that was shipped, and what the index says of it. */
export async function indexRuntime({ version, glue, wasm }: ShippedRuntime): Promise<{
  readonly full: Uint8Array<ArrayBuffer>;
  readonly index: RuntimeIndex;
}> {
  const rewritten = rewriteRuntime(wasm.bytes, new TextDecoder().decode(glue.bytes));
  const { waking, reason } = rewritten;
  const full = new Uint8Array(rewritten.wasm);
  const index: RuntimeIndex = {
    format: 1,
    version,
    glue: await refTo(glue.file, glue.bytes),
    full: await refTo(wasm.file, full),
    ...(waking === undefined ? {} : { waking }),
    ...(reason === undefined ? {} : { reason }),
  };
  return { full, index };
}

/** What an index says of a file. */
export async function refTo(file: string, bytes: Uint8Array<ArrayBuffer>): Promise<RuntimeFileRef> {
  return { file, bytes: bytes.byteLength, sha256: await sha256(bytes) };
}

/** The text of an index: the same for the same content. */
export function formatRuntimeIndex(index: RuntimeIndex): string {
  return `${JSON.stringify(index, undefined, 2)}\n`;
}

/** The index of a folder; `undefined` where there is none that can be read, and a new one is needed. */
export async function readRuntimeIndex(folder: string): Promise<RuntimeIndex | undefined> {
  const text = await readFile(join(folder, RUNTIME_INDEX), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return parseRuntimeIndex(text);
  } catch (error) {
    if (error instanceof SelvedgeError) return undefined;
    throw error;
  }
}

/**
 * What was fitted in a folder before and still holds: it was made of this full wasm, and is there as it
 * was written.
 */
export async function stillFitted(
  folder: string,
  before: RuntimeIndex | undefined,
  { full }: Pick<RuntimeIndex, "full">,
): Promise<Pick<RuntimeIndex, "load" | "run">> {
  const holds = async (fitted: FittedWasm | undefined) => {
    if (fitted?.parent !== full.sha256) return undefined;
    const bytes = await readFile(join(folder, fitted.file)).catch(() => undefined);
    return bytes !== undefined && (await sha256(bytes)) === fitted.sha256 ? fitted : undefined;
  };
  const [load, run] = [await holds(before?.load), await holds(before?.run)];
  return { ...(load === undefined ? {} : { load }), ...(run === undefined ? {} : { run }) };
}
