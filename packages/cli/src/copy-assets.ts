import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { SelvedgeError } from "@selvedge/protocol";
import { packageFolder } from "./package-folder.ts";

/** What copying came to. */
export interface CopiedAssets {
  /** The folders of the files, one for each runtime, below the one that was given. */
  readonly folders: readonly string[];
  readonly copied: readonly string[];
  /** Files that were there already. */
  readonly kept: readonly string[];
}

/** The folders that the files come from, by package. */
export type AssetOrigins = Readonly<Record<"onnxruntime-web" | "selvedge", string>>;

/**
 * Copies each runtime's files into a folder below `out` that is named after its version. Beside each
 * wasm goes its `.gz`, a quarter of the size, for hosts that send such files to whoever accepts them.
 *
 * @throws SelvedgeError `not-found` where a package is not installed, or not built.
 */
export async function copyAssets(out: string, origins?: AssetOrigins): Promise<CopiedAssets> {
  const { RUNTIME_FILES, RUNTIME_VERSION } = await import("selvedge/runtime-files");
  const sources = origins ?? (await installedOrigins(RUNTIME_VERSION));
  const folders = [...new Set(RUNTIME_FILES.map(({ folder }) => join(out, folder)))];
  for (const folder of folders)
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw unwritable(folder, cause);
    });
  const copied: string[] = [];
  const kept: string[] = [];
  for (const { folder, file, from } of RUNTIME_FILES) {
    const target = join(out, folder, file);
    const isCopied = await copyIfDifferent(join(sources[from], file), target);
    if (file.endsWith(".wasm") && (isCopied || !existsSync(`${target}.gz`)))
      await write(`${target}.gz`, (temporary) =>
        pipeline(createReadStream(target), createGzip({ level: 9 }), createWriteStream(temporary)),
      );
    (isCopied ? copied : kept).push(file);
  }
  return { folders, copied, kept };
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

async function copyIfDifferent(source: string, target: string): Promise<boolean> {
  if (await isSame(source, target)) return false;
  if (!existsSync(source))
    throw new SelvedgeError(
      "not-found",
      `${source} is missing. Run npm install and npm run build first.`,
    );
  await write(target, (temporary) => copyFile(source, temporary));
  return true;
}

/** Writes a file under another name first, so that whoever serves the folder never sees half of it. */
async function write(target: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${target}.${randomUUID()}.tmp`;
  try {
    await make(temporary);
    await rename(temporary, target);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw unwritable(target, cause);
  }
}

function unwritable(target: string, cause: unknown): SelvedgeError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return new SelvedgeError(
    "not-found",
    `${target} could not be written (${code ?? cause}). Check the folder's permissions.`,
    { cause },
  );
}

/** Sizes first: reading 41 MB twice to find a difference that a size shows would be a waste. */
async function isSame(source: string, target: string): Promise<boolean> {
  const [from, to] = await Promise.all(
    [source, target].map((path) => stat(path).catch(() => undefined)),
  );
  if (from === undefined || to === undefined || from.size !== to.size) return false;
  const [expected, actual] = await Promise.all([readFile(source), readFile(target)]);
  return expected.equals(actual);
}
