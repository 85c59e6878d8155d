import { expect, test } from "vitest";
import {
  addModel,
  DataType,
  filled,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { splitModel } from "../onnx/split-model.ts";
import { pack } from "../pack.ts";
import { withRuntime } from "../runtime/with-runtime.ts";
import { verify } from "../verify/verify.ts";
import { ownVariant } from "./own-variant.ts";

const ONE = 0x3c00;

function halves(length: number) {
  const tensor = filled("w", length, 0);
  tensor.dataType = DataType.FLOAT16;
  tensor.rawData = new Uint8Array(new Uint16Array(length).fill(ONE).buffer);
  return tensor;
}

/** `y = x + 1` in float16 all through. */
function halfModel() {
  return model(
    graph({
      input: [value("x", ["n", 1024], DataType.FLOAT16)],
      output: [value("y", ["n", 1024], DataType.FLOAT16)],
      initializer: [halves(1024)],
      node: [node("Add", ["x", "w"], ["y"])],
    }),
  );
}

test("a model is fp16 where most of its weights are float16", async () => {
  expect(ownVariant(await splitModel(halfModel())).dtype).toBe("fp16");
  expect(ownVariant(await splitModel(addModel())).dtype).toBe("fp32");
});

test.each([[["fp32"]], [["fp16"]], [["fp32", "fp16"]]] as const)(
  "a float16 model that is to be packed as %j is packed as it is, as fp16",
  async (dtypes) => {
    const registry = await temporaryFolder();
    const path = await modelFile(halfModel());
    const packing = { model: path, name: "m", version: "1.0.0", registry, dtypes: [...dtypes] };
    const { packed, verified } = await withRuntime({}, async () => ({
      packed: await pack(packing),
      verified: await verify({ name: "m", registry, version: "1.0.0" }),
    }));
    const { manifest, warnings } = packed;
    expect(manifest.variants).toMatchObject([
      {
        dtype: "fp16",
        backends: ["wasm"],
        tensors: [{ name: "w", dtype: "float16", bytes: 2048 }],
      },
    ]);
    expect(manifest.variants[0]).not.toHaveProperty("error");
    expect(manifest.signature.inputs).toEqual([{ name: "x", dtype: "float16", dims: [-1, 1024] }]);
    expect(warnings.some((warning) => warning.includes("float16"))).toBe(
      dtypes.some((dtype) => dtype === "fp32"),
    );
    expect(verified).toMatchObject({ problems: [] });
  },
);
