import { mkdir, open, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { TensorProto_DataLocation as DataLocation, TensorProtoSchema } from "onnx-buf";
import { beforeEach, describe, expect, it } from "vitest";
import { loadExternalData } from "./load-external-data.ts";
import {
  addModel,
  constant,
  DataType,
  graph,
  model,
  temporaryFolder,
} from "./onnx-model.fixture.ts";

const WEIGHTS = Float32Array.from({ length: 512 }, (_, i) => i);

function externalTensor(entries: Record<string, string>) {
  return create(TensorProtoSchema, {
    name: "w",
    dims: [512n],
    dataType: DataType.FLOAT,
    dataLocation: DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });
}

describe("loadExternalData", () => {
  let outside: string;
  let folder: string;

  beforeEach(async () => {
    outside = await temporaryFolder();
    folder = join(outside, "model");
    await mkdir(folder);
    await writeFile(join(outside, "secret.bin"), WEIGHTS);
  });

  it("reads a tensor from its place in a file beside the model", async () => {
    await writeFile(join(folder, "weights.bin"), Float32Array.of(9, ...WEIGHTS, 9));
    const tensor = externalTensor({ location: "weights.bin", offset: "4", length: "2048" });
    expect(await loadExternalData(addModel(tensor), folder)).toEqual({
      files: [{ file: "weights.bin", bytes: 2056, sha256: expect.any(String) }],
      ranges: new Map(),
      weights: new Map(),
    });
    expect(tensor.rawData).toEqual(new Uint8Array(WEIGHTS.buffer));
    expect(tensor.dataLocation).toBe(DataLocation.DEFAULT);
  });

  it("reads the whole tensor where neither offset nor length is given, in a constant too", async () => {
    await writeFile(join(folder, "weights.bin"), WEIGHTS);
    const tensor = externalTensor({ location: "weights.bin" });
    await loadExternalData(model(graph({ node: [constant(tensor)] })), folder);
    expect(tensor.rawData).toHaveLength(2048);
  });

  it("leaves tensors in their files where there are too many to hold", async () => {
    await mkdir(join(folder, "data"));
    const file = join(folder, "data/weights.bin");
    await writeFile(file, Float32Array.of(9, ...WEIGHTS));
    const tensor = externalTensor({ location: "./data/weights.bin", offset: "4" });
    const small = externalTensor({ location: "./data/weights.bin", offset: "4" });
    Object.assign(small, { name: "small", dims: [2n] });
    const onnx = addModel(tensor);
    onnx.graph?.initializer.push(small);
    const { files, ranges, weights } = await loadExternalData(onnx, folder, 2048);
    const path = await realpath(file);
    expect(files).toMatchObject([{ file: "data/weights.bin", bytes: 2052 }]);
    expect(ranges).toEqual(new Map([[tensor, { path, offset: 4, length: 2048 }]]));
    expect(weights).toEqual(new Map([["./data/weights.bin", { path, offset: 0, length: 2052 }]]));
    expect(tensor.rawData).toHaveLength(0);
    expect(small.rawData).toEqual(new Uint8Array(WEIGHTS.slice(0, 2).buffer));
  });

  it("refuses a tensor that is too large for any array", async () => {
    const file = await open(join(folder, "vast.bin"), "w");
    await file.truncate(2 ** 31);
    await file.close();
    const tensor = externalTensor({ location: "vast.bin" });
    tensor.dims = [2n ** 29n];
    await expect(loadExternalData(addModel(tensor), folder)).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringMatching(/"w" takes 2147483648 bytes/),
    });
  });

  it("refuses more weights than WASM has memory for, before it reads any", async () => {
    const file = await open(join(folder, "vast.bin"), "w");
    await file.truncate(2 ** 30);
    await file.close();
    const tensors = Array.from({ length: 4 }, () => externalTensor({ location: "vast.bin" }));
    for (const tensor of tensors) tensor.dims = [2n ** 28n];
    const onnx = model(graph({ initializer: tensors }));
    await expect(loadExternalData(onnx, folder)).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringContaining("4.0 GiB, and WASM has 4 GiB"),
    });
  });

  it("says that there were none", async () => {
    expect((await loadExternalData(addModel(), folder)).files).toEqual([]);
  });

  it("never reads outside the model's folder", async () => {
    await symlink(join(outside, "secret.bin"), join(folder, "link.bin"));
    const locations = ["../secret.bin", join(outside, "secret.bin"), "link.bin", "../missing.bin"];
    for (const location of [...locations, ".", ""]) {
      const loading = loadExternalData(addModel(externalTensor({ location })), folder);
      await expect(loading, location).rejects.toMatchObject({ code: "model-unsupported" });
    }
  });

  it("names the file that is missing, and the tensor", async () => {
    const loading = loadExternalData(addModel(externalTensor({ location: "gone.bin" })), folder);
    await expect(loading).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringMatching(/"w".*"gone.bin"/),
    });
  });

  it("refuses a file that ends too soon, and a length that does not fit", async () => {
    await writeFile(join(folder, "short.bin"), WEIGHTS.subarray(1));
    for (const entries of [
      { location: "short.bin" },
      { location: "short.bin", length: "4" },
      { location: "short.bin", offset: "-4" },
    ]) {
      const loading = loadExternalData(addModel(externalTensor(entries)), folder);
      await expect(loading).rejects.toMatchObject({ code: "model-invalid" });
    }
  });

  it("makes no room for a tensor that its file cannot hold", async () => {
    await writeFile(join(folder, "weights.bin"), WEIGHTS);
    for (const dims of [[2n ** 40n], [2n ** 62n], [-1n]]) {
      const tensor = externalTensor({ location: "weights.bin" });
      tensor.dims = dims;
      const loading = loadExternalData(addModel(tensor), folder);
      await expect(loading, String(dims)).rejects.toMatchObject({ code: "model-invalid" });
    }
  });

  it("refuses a folder where a file should be", async () => {
    await mkdir(join(folder, "weights"));
    const loading = loadExternalData(addModel(externalTensor({ location: "weights" })), folder);
    await expect(loading).rejects.toMatchObject({ code: "model-invalid" });
  });
});
