import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { goldenCasesOf } from "@selvedge/protocol";
import { expect, it } from "vitest";
import { landeOnnx } from "../../../../demo/models/lande-to-onnx.mjs";
import { fitRuntime } from "../fit/fit-runtime.ts";
import { hostRelease, installedRelease } from "../fit/onnxruntime.fixture.ts";
import { temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { ModelFolder } from "../registry/registry.ts";
import { checkWoken } from "./check-woken.ts";
import { openImageRuntime } from "./image-runtime.ts";
import { readImage } from "./read-image.ts";

/** What a first visit may take of what it takes to load. */
const GOAL = 0.45;

it("is less than half to download with a runtime that only runs, and answers to the bit in it", {
  timeout: 120_000,
}, async () => {
  const folder = await temporaryFolder();
  const [model, registry] = [join(folder, "lande.onnx"), join(folder, "registry")];
  await writeFile(model, landeOnnx());
  const options = { model, name: "lande", version: "1.0.0", registry };
  const { manifest } = await pack({ ...options, images: "always" });
  const hosted = await hostRelease(await installedRelease(), folder);
  const { run } = await fitRuntime({ registry, folder, ...hosted, settings: [{}] });
  const runtime = await openImageRuntime();
  const [variant] = manifest.variants;
  const image = variant?.images?.[0];
  if (run === undefined || variant === undefined || image === undefined)
    return expect.fail("there is nothing to wake, or nothing to wake it in");

  // A page's assets and the pack's image name one runtime.
  const { full, glue } = hosted.index;
  expect(image.runtime).toMatchObject({ wasm: full.sha256, glue: glue.sha256 });

  const segments = new ModelFolder(registry, "lande");
  const contents = await Promise.all(
    manifest.segments.map(({ sha256 }) => readFile(segments.segmentFile(sha256))),
  );
  const read = ({ at }: (typeof variant)["graph"]) =>
    new Uint8Array(contents[at.segment]?.subarray(at.offset, at.offset + at.length) ?? []);
  const { tensors } = variant;
  const woken = await checkWoken(
    { ...runtime, module: await WebAssembly.compile(run.wasm) },
    {
      ...(await readImage(image, read)),
      source: {
        graph: read(variant.graph),
        weights: new Map(tensors.map((tensor) => [tensor.sha256, read(tensor)])),
      },
      inputs: goldenCasesOf(manifest, variant).map(({ inputs }) =>
        inputs.map((tensor) => ({ ...tensor, bytes: read(tensor) })),
      ),
    },
  );
  expect(woken).toBeUndefined();

  const packed = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
  const weights = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  const toLoad = runtime.packedBytes() + variant.graph.bytes + weights;
  const toWake = packed(run.wasm) + image.bare.bytes + image.difference.bytes;
  expect(toWake / toLoad).toBeLessThan(GOAL);
});
