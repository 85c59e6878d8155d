import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { sha256, type WakingFacts } from "@selvedge/protocol";
import { runtimeVersion } from "../runtime/onnx-runtime.ts";
import { rewriteRuntime } from "../wasm/rewrite-runtime.ts";

/** The build of onnxruntime-web that images are made in: the one that pages load for WASM. */
const BUILD = "ort-wasm-simd-threaded";

/** A runtime of which images can be made. */
export interface ImageRuntime {
  /** Of onnxruntime-web. */
  readonly version: string;
  readonly module: WebAssembly.Module;
  /** SHA-256 of the wasm, with its globals exported. */
  readonly wasm: string;
  readonly glue: { readonly url: string; readonly sha256: string };
  readonly facts: WakingFacts;
  /** What the wasm takes on its way to a page, by gzip. */
  readonly packedBytes: () => number;
}

/**
 * The onnxruntime-web that is installed here.
 *
 * @throws Error where it is not as it was taken to be, so that nothing of it can be written down.
 */
export async function openImageRuntime(): Promise<ImageRuntime> {
  const { resolve } = createRequire(import.meta.url);
  const [original, glue] = await Promise.all(
    ["wasm", "mjs"].map((type) => readFile(resolve(`onnxruntime-web/${BUILD}.${type}`))),
  );
  if (original === undefined || glue === undefined) throw new Error("two files were read");
  const { waking, reason, wasm } = rewriteRuntime(original, new TextDecoder().decode(glue));
  if (waking === undefined) throw new Error(`onnxruntime-web cannot be written down: ${reason}`);
  return {
    version: await runtimeVersion(),
    module: await WebAssembly.compile(new Uint8Array(wasm)),
    wasm: await sha256(wasm),
    glue: {
      url: pathToFileURL(resolve(`onnxruntime-web/${BUILD}.mjs`)).href,
      sha256: await sha256(glue),
    },
    facts: waking,
    packedBytes: () => gzipSync(wasm, { level: 9 }).length,
  };
}
