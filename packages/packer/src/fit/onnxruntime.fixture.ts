import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RuntimeIndex, sha256 } from "@selvedge/protocol";
import { rolldown } from "rolldown";
import { rewriteRuntime } from "../wasm/rewrite-runtime.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** What is needed of a release to run models. */
export const FILES = {
  api: "ort.wasm.min.mjs",
  glue: "ort-wasm-simd-threaded.mjs",
  wasm: "ort-wasm-simd-threaded.wasm",
} as const;

/** A release of onnxruntime-web: where its files are. */
export interface Release {
  readonly version: string;
  readonly dist: string;
}

/** The release before the one that the SDK runs with, by the SHA-256 of what is needed of it. */
const OLDER = {
  version: "1.29.0",
  [FILES.api]: "14a0a63ad1a0fe8127722929fd16fb26c2e5352ea221bc9034d12daf314d0b92",
  [FILES.glue]: "5a15f1fd086b3f6c2baf1f35105b8f502653b567e165cef80028870b39748747",
  [FILES.wasm]: "ec8580a9d7b9476ceee52e10a7f94124e4dc71a019d666ed6d4726697c109a4d",
};

/** The release that is installed. */
export async function installedRelease(): Promise<Release> {
  const dist = dirname(require.resolve("onnxruntime-web/wasm"));
  const { version } = JSON.parse(await readFile(join(dist, "../package.json"), "utf8"));
  return { version, dist };
}

/** An older release, fetched from the package registry the first time, as packages are. */
export async function olderRelease(): Promise<Release> {
  const { version, ...digests } = OLDER;
  const folder = fileURLToPath(
    new URL(`../../../../.selvedge/e2e/onnxruntime-web-${version}`, import.meta.url),
  );
  const dist = join(folder, "package/dist");
  const files = Object.values(FILES);
  if (!files.every((file) => existsSync(join(dist, file)))) {
    const fetched = `${folder}.${process.pid}`;
    await mkdir(fetched, { recursive: true });
    const { stdout } = await run("npm", ["pack", `onnxruntime-web@${version}`, "--silent"], {
      cwd: fetched,
    });
    const wanted = files.map((file) => `package/dist/${file}`);
    await run("tar", ["-xzf", stdout.trim(), ...wanted], { cwd: fetched });
    await rm(join(fetched, stdout.trim()));
    await rm(folder, { recursive: true, force: true });
    await rename(fetched, folder);
  }
  for (const file of files) {
    const digest = createHash("sha256")
      .update(await readFile(join(dist, file)))
      .digest("hex");
    if (digest !== digests[file])
      throw new Error(`onnxruntime-web ${version} does not hold the ${file} that it did`);
  }
  return { version, dist };
}

/** A release as `selvedge assets` hosts it: its wasm rewritten, the SDK's shim beside it. */
export async function hostRelease(
  { version, dist }: Release,
  folder: string,
): Promise<{ readonly index: RuntimeIndex; readonly files: { api: string; shim: string } }> {
  for (const file of [FILES.api, FILES.glue]) await copyFile(join(dist, file), join(folder, file));
  const glue = await readFile(join(dist, FILES.glue));
  const { wasm, waking, reason } = rewriteRuntime(
    await readFile(join(dist, FILES.wasm)),
    glue.toString(),
  );
  await writeFile(join(folder, FILES.wasm), wasm);
  const shim = "glue-shim.js";
  const source = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  const bundle = await rolldown({
    input: source("sdk/src/runtime/glue-shim.ts"),
    resolve: { alias: { "@selvedge/protocol": source("protocol/src/index.ts") } },
    logLevel: "silent",
  });
  await bundle.write({ file: join(folder, shim), format: "esm" });
  await bundle.close();
  const reference = async (file: string, bytes: Uint8Array) => ({
    file,
    bytes: bytes.byteLength,
    sha256: await sha256(new Uint8Array(bytes)),
  });
  const index: RuntimeIndex = {
    format: 1,
    version,
    glue: await reference(FILES.glue, glue),
    full: await reference(FILES.wasm, wasm),
    ...(waking && { waking }),
    ...(reason === undefined ? {} : { reason }),
  };
  return { index, files: { api: FILES.api, shim } };
}
