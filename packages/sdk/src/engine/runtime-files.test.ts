import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import {
  GLUE_SHIM,
  RUNTIME_BUILDS,
  RUNTIME_FILES,
  RUNTIME_VERSION,
  SHIPPED_IMAGES,
  TFJS_BUILD,
  TFJS_VERSION,
} from "./runtime-files.ts";

const require = createRequire(import.meta.url);
const dist = dirname(require.resolve("onnxruntime-web/wasm"));

test("the runtime's version is the one that is depended on, exactly, and the one installed", () => {
  const installed: unknown = JSON.parse(readFileSync(join(dist, "../package.json"), "utf8"));
  expect(manifest.dependencies["onnxruntime-web"]).toBe(RUNTIME_VERSION);
  expect(installed).toMatchObject({ version: RUNTIME_VERSION });
});

test.each(RUNTIME_FILES.filter(({ from }) => from === "onnxruntime-web"))(
  "onnxruntime-web ships $file",
  ({ file }) => expect(existsSync(join(dist, file))).toBe(true),
);

test("the version of TensorFlow.js is the one that is built in, in all of its packages", () => {
  const versions = Object.entries(manifest.devDependencies).flatMap(([name, version]) =>
    name.startsWith("@tensorflow/") ? [version] : [],
  );
  expect(versions.length).toBeGreaterThan(1);
  expect(new Set(versions)).toEqual(new Set([TFJS_VERSION]));
});

test("TensorFlow.js ships the wasm that goes beside it", () => {
  const wasm = `@tensorflow/tfjs-backend-wasm/wasm-out/${TFJS_BUILD.wasm}`;
  expect(existsSync(require.resolve(wasm))).toBe(true);
});

test("the files to host are those of both builds, the shim between them, what wakes on first visits, and TensorFlow.js", () => {
  const builds = Object.values(RUNTIME_BUILDS).flatMap(({ api, glue, wasm }) => [api, glue, wasm]);
  expect(RUNTIME_FILES.map(({ file }) => file).sort()).toEqual(
    [...builds, GLUE_SHIM, SHIPPED_IMAGES, ...Object.values(TFJS_BUILD)].sort(),
  );
  expect(existsSync(new URL("../runtime/glue-shim.ts", import.meta.url))).toBe(true);
});
