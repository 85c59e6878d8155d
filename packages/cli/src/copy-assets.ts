import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RUNTIME_INDEX, type RuntimeIndex, SelvedgeError } from "@selvedge/protocol";
import { packageFolder } from "./package-folder.ts";
import { placeFile, unwritable } from "./place-file.ts";
import {
  formatRuntimeIndex,
  indexRuntime,
  readRuntimeIndex,
  stillFitted,
} from "./runtime-index.ts";

/** What copying came to. */
export interface CopiedAssets {
  /** The folders of the files, one for each runtime, below the one that was given. */
  readonly folders: readonly string[];
  readonly copied: readonly string[];
  /** Files that were there already. */
  readonly kept: readonly string[];
  /** What `runtimes.json` says now. */
  readonly index: RuntimeIndex;
}

/** The folders that the files come from, by package. */
export type AssetOrigins = Readonly<Record<"onnxruntime-web" | "selvedge", string>>;

/**
 * Copies each runtime's files into a folder below `out` that is named after its version. The wasm that
 * images are woken in has its globals exported on the way, and `runtimes.json` beside it says how it is
 * woken, or why it cannot be. What was fitted to it before stays.
 *
 * @throws SelvedgeError `not-found` where a package is not installed, or not built.
 */
export async function copyAssets(out: string, origins?: AssetOrigins): Promise<CopiedAssets> {
  const { RUNTIME_BUILDS, RUNTIME_FILES, RUNTIME_FOLDER, RUNTIME_VERSION } = await import(
    "selvedge/runtime-files"
  );
  const sources = origins ?? (await installedOrigins(RUNTIME_VERSION));
  const folders = [...new Set(RUNTIME_FILES.map(({ folder }) => join(out, folder)))];
  for (const folder of folders)
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw unwritable(folder, cause);
    });
  const { glue, wasm } = RUNTIME_BUILDS.wasm;
  const shipped = async (file: string) => ({
    file,
    bytes: await readSource(join(sources["onnxruntime-web"], file)),
  });
  const { full, index: unfitted } = await indexRuntime({
    version: RUNTIME_VERSION,
    glue: await shipped(glue),
    wasm: await shipped(wasm),
  });
  const copied: string[] = [];
  const kept: string[] = [];
  const place = async (folder: string, file: string, content: Uint8Array) => {
    const isCopied = await placeFile(join(out, folder, file), content);
    (isCopied ? copied : kept).push(file);
  };
  for (const { folder, file, from } of RUNTIME_FILES)
    await place(folder, file, file === wasm ? full : await readSource(join(sources[from], file)));
  const folder = join(out, RUNTIME_FOLDER);
  const fitted = await stillFitted(folder, await readRuntimeIndex(folder), unfitted);
  const index = { ...unfitted, ...fitted };
  await place(RUNTIME_FOLDER, RUNTIME_INDEX, new TextEncoder().encode(formatRuntimeIndex(index)));
  return { folders, copied, kept, index };
}

async function installedOrigins(runtimeVersion: string): Promise<AssetOrigins> {
  const sdk = packageFolder("selvedge", import.meta.url);
  const runtime = packageFolder("onnxruntime-web", join(sdk, "package.json"));
  await requireVersion(runtime, runtimeVersion);
  return { selvedge: join(sdk, "dist/runtime"), "onnxruntime-web": join(runtime, "dist") };
}

async function requireVersion(runtime: string, expected: string): Promise<void> {
  const text = await readFile(join(runtime, "package.json"), "utf8");
  const { version }: { version?: unknown } = JSON.parse(text);
  if (version !== expected)
    throw new SelvedgeError(
      "not-found",
      `onnxruntime-web ${version} is installed, but the SDK runs with ${expected} only. Run npm install.`,
    );
}

async function readSource(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await readFile(path).catch((cause: unknown) => {
    throw new SelvedgeError(
      "not-found",
      `${path} is missing. Run npm install and npm run build first.`,
      { cause },
    );
  });
}
