import type { Dtype, Manifest } from "@selvedge/protocol";
import { expect, test } from "vitest";
import { chooseVariant } from "./choose-variant.ts";
import { buildPack } from "./pack.fixture.ts";

const SHADER_F16 = ["shader-f16"];

/** A pack of variants that differ in where they run. */
async function packOf(
  ...places: [dtype: Dtype, backends: string[], requires?: string[]][]
): Promise<Manifest> {
  const { manifest } = await buildPack({ dtypes: places.map(([dtype]) => dtype) });
  const variants = manifest.variants.map((variant, index) => {
    const [, backends = [], requires = []] = places[index] ?? [];
    return { ...variant, backends, requires };
  });
  return { ...manifest, variants };
}

const everything = () =>
  packOf(
    ["fp32", ["wasm", "webgpu"]],
    ["fp16", ["webgpu"], SHADER_F16],
    ["fp16", ["wasm", "webgpu"]],
    ["q8", ["wasm"]],
    ["q4f16", ["webgpu"], SHADER_F16],
  );

test.each([
  ["auto", "wasm", [], 0],
  ["fp16", "webgpu", SHADER_F16, 1],
  ["fp16", "webgpu", [], 2],
  ["fp16", "wasm", [], 2],
  ["q8", "wasm", [], 3],
  ["q4f16", "webgpu", ["subgroups", ...SHADER_F16], 4],
] as const)("%s on %s with %j is variant %i", async (dtype, backend, features, index) => {
  const manifest = await everything();
  const chosen = chooseVariant(manifest, { dtype, backend, features });
  expect(manifest.variants.indexOf(chosen)).toBe(index);
});

test.each([
  ["q4f16", "webgpu", [], "needs shader-f16 for q4f16 on webgpu, which this device lacks"],
  ["q4f16", "wasm", [], "allows q4f16 on webgpu only, and fp32, fp16, q8 on wasm"],
  ["q4", "wasm", [], "is not packed as q4, only as fp32, fp16, q8, q4f16"],
  ["auto", "tpu", [], "has no variant for onnx or tfjs on tpu"],
] as const)(
  "%s on %s with %j is no candidate, and says why",
  async (dtype, backend, features, why) => {
    const manifest = await everything();
    expect(() => chooseVariant(manifest, { dtype, backend, features })).toThrow(
      expect.objectContaining({ code: "no-candidate", message: expect.stringContaining(why) }),
    );
  },
);

test("auto passes over what the device lacks the features for, and says so where nothing is left", async () => {
  const wanted = { dtype: "auto", backend: "webgpu", features: [] } as const;
  const both = await packOf(["q4f16", ["webgpu"], SHADER_F16], ["q8-storage", ["webgpu"]]);
  expect(chooseVariant(both, wanted).dtype).toBe("q8-storage");
  const one = await packOf(["q4f16", ["webgpu"], SHADER_F16]);
  expect(() => chooseVariant(one, wanted)).toThrow("needs shader-f16 for auto on webgpu");
});
