import { architecture } from "@selvedge/protocol";
import { describe, expect, it } from "vitest";
import { addModel } from "../onnx/onnx-model.fixture.ts";
import { splitModel } from "../onnx/split-model.ts";
import type { PackedVariant } from "../quantize/make-variant.ts";
import { withRuntime } from "../runtime/with-runtime.ts";
import { packImages } from "./pack-images.ts";

async function variant(over: Partial<PackedVariant> = {}): Promise<PackedVariant> {
  const split = await splitModel(addModel());
  const place = { engine: "onnx", backends: ["wasm"], requires: [] } as const;
  return { dtype: "fp32", ...place, memoryBytes: 1, split, ...over };
}

/** Inputs that the model does not take. */
const golden = [{ inputs: [], outputs: [] }];

describe("packImages", () => {
  it("makes none where none were asked for", async () => {
    const variants = [await variant()];
    const never = { images: "never", golden, isSigned: true } as const;
    expect(await packImages(variants, never)).toEqual({ variants, warnings: [] });
  });

  it("says what there can be none of, and packs it all the same", async () => {
    const variants = [await variant({ engine: "tfjs" }), await variant({ backends: ["webgpu"] })];
    for (const images of ["auto", "always"] as const) {
      const outcome = await packImages(variants, { images, golden, isSigned: true });
      expect(outcome.variants).toEqual(variants);
      expect(outcome.warnings).toHaveLength(2);
      expect(outcome.warnings[0]).toContain("No image of fp32: images are of onnxruntime's");
    }
  });

  it("does without one that would save nothing, and refuses to where it has to make one", async () => {
    const split = await splitModel(addModel());
    const large = await variant({ split: { ...split, graph: new Uint8Array(2 ** 27) } });
    const { warnings } = await packImages([large], { images: "auto", golden, isSigned: true });
    const why =
      architecture() === "x86" ? "too large for that to save anything" : "images are made on x86";
    expect(warnings).toEqual([expect.stringContaining(why)]);
    await expect(
      packImages([large], { images: "always", golden, isSigned: true }),
    ).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringContaining(why) });
  });

  it("is given up with what it is part of", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    stop.abort(reason);
    const images = { images: "auto", golden, isSigned: true } as const;
    const packing = withRuntime({ signal: stop.signal }, async () =>
      packImages([await variant()], images),
    );
    await expect(packing).rejects.toBe(reason);
  });
});
