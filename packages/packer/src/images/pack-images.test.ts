import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest, ShippedImage } from "@selvedge/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import { landeOnnx } from "../../../../demo/models/lande-to-onnx.mjs";
import { diff } from "../diff.ts";
import { inspect } from "../inspect.ts";
import { addModel, modelFile, temporaryFolder } from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import type { PackResult } from "../pack-options.ts";
import { keygen } from "../signing/keygen.ts";
import { verify } from "../verify/verify.ts";
import { openImageRuntime } from "./image-runtime.ts";
import { readImage } from "./read-image.ts";

describe("images", () => {
  let registry: string;
  let model: string;
  let key: string;
  let result: PackResult;
  const options = (version: string) => ({ model, name: "lande", version, registry });

  beforeAll(async () => {
    registry = await temporaryFolder();
    const folder = await temporaryFolder();
    model = join(folder, "lande.onnx");
    await writeFile(model, landeOnnx());
    const { files } = await keygen({ out: folder });
    key = files.find((file) => file.endsWith("pack.key.json")) ?? expect.fail("there is no key");
    result = await pack({ ...options("1.0.0"), images: "auto", key });
  });

  const imageOf = ({ variants }: Manifest): ShippedImage =>
    variants[0]?.images?.[0] ?? expect.fail("there is no image");
  const segment = (manifest: Manifest, index: number) =>
    join(registry, `lande/segments/${manifest.segments[index]?.sha256}.bin`);
  const files = async (manifest: Manifest, image: ShippedImage) => {
    const read = async (at: ShippedImage["bare"]["at"]) =>
      (await readFile(segment(manifest, at.segment))).subarray(at.offset, at.offset + at.length);
    const [bare, difference] = [await read(image.bare.at), await read(image.difference.at)];
    return readImage(image, (file) => (file === image.bare ? bare : difference));
  };

  it("is less than half of what runtime and model take", async () => {
    const image = imageOf(result.manifest);
    const runtime = (await openImageRuntime()).packedBytes();
    const [{ graph, tensors } = expect.fail()] = result.manifest.variants;
    const loaded = tensors.reduce((sum, { bytes }) => sum + bytes, runtime + graph.bytes);
    expect((image.bare.bytes + image.difference.bytes) / loaded).toBeLessThan(0.4);
    expect(result.warnings).toEqual([]);
    expect(result.bytes.manifest).toBeLessThan(64 * 1024);
  });

  it("answers as the model does once it is woken, to the bit", async () => {
    expect(await verify({ name: "lande", registry })).toMatchObject({ problems: [], warnings: [] });
  });

  it("is the same whenever and wherever it is made, and the runtime's the same for every model", async () => {
    const elsewhere = await temporaryFolder();
    const again = await pack({ ...options("1.0.0"), registry: elsewhere, images: "always" });
    expect(again.digest).toBe(result.digest);
    const file = await modelFile(addModel());
    const other = await pack({ ...options("1.0.0"), model: file, name: "sum", images: "always" });
    expect(imageOf(other.manifest).bare.sha256).toBe(imageOf(result.manifest).bare.sha256);
    expect(other.warnings.join()).toContain("--key");
  });

  it("says nothing of where it was made", async () => {
    const { bare, difference } = await files(result.manifest, imageOf(result.manifest));
    for (const { pages } of [bare, difference]) {
      const text = Buffer.from(pages).toString("latin1");
      for (const secret of [process.cwd(), process.argv[1] ?? "", registry, "write-images"])
        expect(text).not.toContain(secret);
    }
  });

  it("is shared with the next version as far as it is the same, and part of no update", async () => {
    const next = await pack({ ...options("1.1.0"), images: "always", key });
    expect(next.bytes.written).toBe(0);
    const { images, fetched } = await diff({ name: "lande", from: "1.0.0", to: "1.1.0", registry });
    const { bare, difference } = imageOf(next.manifest);
    const bytes = bare.bytes + difference.bytes;
    expect(images).toEqual([{ runtime: "1.30.0", bytes, shared: bytes }]);
    expect(fetched).toBe(next.bytes.manifest);
    const shown = await inspect({ name: "lande", version: "1.1.0", registry });
    expect(shown.images).toEqual([
      {
        dtype: "fp32",
        runtime: "1.30.0",
        architecture: "x86",
        bareBytes: bare.bytes,
        differenceBytes: difference.bytes,
      },
    ]);
  });

  it("is missed where it is damaged", async () => {
    const image = imageOf(result.manifest);
    const { at } = image.difference;
    const file = segment(result.manifest, at.segment);
    const whole = await readFile(file);
    const damaged = Buffer.from(whole);
    damaged[at.offset + 99] = (whole[at.offset + 99] ?? 0) ^ 1;
    await writeFile(file, damaged);
    const { problems } = await verify({ name: "lande", version: "1.0.0", registry });
    expect(problems.map(({ part }) => part)).toEqual(["segment", "image"]);
    await writeFile(file, whole);
  });
});
