import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FitOptions, type FitResult, type FittedBytes, fitRuntime } from "@selvedge/packer";
import { type FittedWasm, RUNTIME_INDEX, type RuntimeIndex } from "@selvedge/protocol";
import type { CopiedAssets } from "./copy-assets.ts";
import { placeFile } from "./place-file.ts";
import { formatRuntimeIndex, refTo } from "./runtime-index.ts";

/** How a wasm is called, what it is good for, and what it holds. */
const FITTED = /^.+\.(load|run)-[0-9a-f]{16}\.wasm(\.gz)?$/;

/** What fitting came to. */
export interface FittedAssets extends Pick<FitResult, "models" | "warnings"> {
  readonly index: RuntimeIndex;
  /** Bytes of each wasm, and of what a host sends of it to whoever accepts gzip. */
  readonly sizes: Readonly<
    Record<string, { readonly file: string; readonly bytes: number; readonly gzip: number }>
  >;
  /** Files of fits before the last, which are gone now. */
  readonly removed: readonly string[];
}

/**
 * Fits the runtime in a folder of assets to a registry's models, and says so in its index. Files of the
 * fit before stay, as a page that is open may still ask for them; those of earlier ones are removed.
 *
 * @throws SelvedgeError as `fitRuntime` does, and `not-found` where a file cannot be written.
 */
export async function fitAssets(
  out: string,
  { index: before }: CopiedAssets,
  options: Pick<FitOptions, "registry" | "dims" | "onProgress" | "timeoutMs" | "signal">,
): Promise<FittedAssets> {
  const { GLUE_SHIM, RUNTIME_BUILDS, RUNTIME_FOLDER, SESSION_CHOICES } = await import(
    "selvedge/runtime-files"
  );
  const folder = join(out, RUNTIME_FOLDER);
  const files = { api: RUNTIME_BUILDS.wasm.api, shim: GLUE_SHIM };
  const settings = SESSION_CHOICES;
  const fit = await fitRuntime({ ...options, folder, files, index: before, settings });
  const place = async (purpose: "load" | "run", { wasm, functions }: FittedBytes) => {
    const { bytes, sha256 } = await refTo("", wasm);
    const stem = before.full.file.replace(/\.wasm$/, "");
    const file = `${stem}.${purpose}-${sha256.slice(0, 16)}.wasm`;
    await placeFile(join(folder, file), wasm);
    return { file, bytes, sha256, parent: before.full.sha256, packs: fit.packs, functions };
  };
  const load: FittedWasm = await place("load", fit.load);
  const run: FittedWasm | undefined = fit.run && (await place("run", fit.run));
  const { load: _, run: __, ...unfitted } = before;
  const index: RuntimeIndex = { ...unfitted, load, ...(run && { run }) };
  await placeFile(join(folder, RUNTIME_INDEX), new TextEncoder().encode(formatRuntimeIndex(index)));
  const named = [before.load, before.run, load, run].map((one) => one?.file);
  const removed = await removeFits(folder, (file) => !named.includes(file));
  const sizes: Record<string, FittedAssets["sizes"][string]> = {};
  for (const [purpose, one] of Object.entries({ full: before.full, load, run }))
    if (one !== undefined) {
      const { size: gzip } = await stat(join(folder, `${one.file}.gz`));
      sizes[purpose] = { file: one.file, bytes: one.bytes, gzip };
    }
  return { index, sizes, models: fit.models, warnings: fit.warnings, removed };
}

async function removeFits(
  folder: string,
  isOutdated: (file: string) => boolean,
): Promise<string[]> {
  const outdated = (await readdir(folder)).filter(
    (file) => FITTED.test(file) && isOutdated(file.replace(/\.gz$/, "")),
  );
  for (const file of outdated) await rm(join(folder, file), { force: true });
  return outdated.sort();
}
