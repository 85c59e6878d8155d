import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { pack } from "@selvedge/packer";
import { parseRuntimeIndex, RUNTIME_INDEX, sha256 } from "@selvedge/protocol";
import { TensorProto_DataType as DataType, ModelProtoSchema } from "onnx-buf";
import {
  GLUE_SHIM,
  RUNTIME_BUILDS,
  RUNTIME_FILES,
  RUNTIME_FOLDER,
  SESSION_CHOICES,
} from "selvedge/runtime-files";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CopiedAssets, copyAssets } from "./copy-assets.ts";
import { type FittedAssets, fitAssets } from "./fit-assets.ts";
import { packageFolder } from "./package-folder.ts";

/** `y = x · 3`, with as many rows as anyone likes. */
function tripling(): Uint8Array {
  const dim = [
    { value: { case: "dimParam" as const, value: "n" } },
    { value: { case: "dimValue" as const, value: 8n } },
  ];
  const tensor = { elemType: DataType.FLOAT, shape: { dim } };
  const type = { value: { case: "tensorType" as const, value: tensor } };
  const rawData = new Uint8Array(Float32Array.of(3).buffer);
  const graph = {
    name: "tripling",
    input: [{ name: "x", type }],
    output: [{ name: "y", type }],
    initializer: [{ name: "w", dims: [1n], dataType: DataType.FLOAT, rawData }],
    node: [{ opType: "Mul", input: ["x", "w"], output: ["y"] }],
  };
  const model = { irVersion: 8n, opsetImport: [{ version: 13n }], graph };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
}

describe("fitAssets", () => {
  let folder: string;
  let registry: string;
  let assets: CopiedAssets;
  let fitted: FittedAssets;
  const steps: string[] = [];
  const out = () => join(folder, "out");
  const hosted = (file: string) => join(out(), RUNTIME_FOLDER, file);
  const origins = () => ({
    selvedge: join(folder, "selvedge"),
    "onnxruntime-web": join(folder, "onnxruntime-web"),
  });

  /** The build that is fitted as it is; of the others, files that nobody looks into. */
  async function provideOrigins() {
    const installed = join(packageFolder("onnxruntime-web", import.meta.url), "dist");
    const built = fileURLToPath(new URL("../../sdk/dist/runtime", import.meta.url));
    const real = new Map<string, string>([
      ...Object.values(RUNTIME_BUILDS.wasm).map((file) => [file, installed] as const),
      [GLUE_SHIM, built],
    ]);
    for (const { file, from } of RUNTIME_FILES) {
      await mkdir(origins()[from], { recursive: true });
      const source = real.get(file);
      if (source === undefined) await writeFile(join(origins()[from], file), `bytes of ${file}`);
      else await copyFile(join(source, file), join(origins()[from], file));
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-fit-assets-"));
    await provideOrigins();
    registry = join(folder, "registry");
    await writeFile(join(folder, "model.onnx"), tripling());
    const model = join(folder, "model.onnx");
    await pack({ model, name: "tripling", version: "1.0.0", registry });
    assets = await copyAssets(out(), origins());
    const before = "ort-wasm-simd-threaded.load-00000000000000aa.wasm";
    for (const name of [before, "ort-wasm-simd-threaded.run-00000000000000bb.wasm"])
      for (const file of [name, `${name}.gz`]) await writeFile(hosted(file), "an earlier fit");
    const { full } = assets.index;
    const load = { ...full, file: before, parent: full.sha256, packs: [], functions: 1 };
    fitted = await fitAssets(
      out(),
      { ...assets, index: { ...assets.index, load } },
      { registry, onProgress: ({ done, all }) => steps.push(`${done}/${all}`) },
    );
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("writes a wasm for loading and one for running, named by their content", async () => {
    const { load, run } = fitted.index;
    for (const [purpose, one] of [
      ["load", load],
      ["run", run],
    ] as const) {
      if (one === undefined) throw new Error(`nothing was fitted to ${purpose}`);
      const bytes = await readFile(hosted(one.file));
      expect(one.file).toBe(`ort-wasm-simd-threaded.${purpose}-${one.sha256.slice(0, 16)}.wasm`);
      expect([one.bytes, one.sha256]).toEqual([bytes.length, await sha256(bytes)]);
      expect(one.parent).toBe(assets.index.full.sha256);
      expect(one.packs).toHaveLength(1);
      expect(WebAssembly.validate(bytes)).toBe(true);
      const packed = await readFile(hosted(`${one.file}.gz`));
      expect(gunzipSync(packed).equals(bytes)).toBe(true);
      expect(fitted.sizes[purpose]).toEqual({
        file: one.file,
        bytes: bytes.length,
        gzip: packed.length,
      });
    }
    expect(load?.functions).toBeGreaterThan(run?.functions ?? Number.POSITIVE_INFINITY);
  });

  it("tries every way that devices may create a session", () => {
    expect(steps).toEqual(SESSION_CHOICES.map((_, i) => `${i}/${SESSION_CHOICES.length}`));
    expect(fitted.warnings).toEqual([]);
  });

  it("says so in the index, which copying the files again leaves as it is", async () => {
    const text = await readFile(hosted(RUNTIME_INDEX), "utf8");
    expect(parseRuntimeIndex(text)).toEqual(fitted.index);
    const again = await copyAssets(out(), origins());
    expect([again.index, again.copied]).toEqual([fitted.index, []]);
  });

  it("keeps the fit before this one for pages that are open, and removes earlier ones", async () => {
    const files = await readdir(join(out(), RUNTIME_FOLDER));
    expect(files).toContain("ort-wasm-simd-threaded.load-00000000000000aa.wasm.gz");
    expect(fitted.removed).toEqual([
      "ort-wasm-simd-threaded.run-00000000000000bb.wasm",
      "ort-wasm-simd-threaded.run-00000000000000bb.wasm.gz",
    ]);
    expect(files).not.toContain(fitted.removed[0]);
  });
});
