import { describe, expect, it } from "vitest";
import {
  encodeTfjsModel,
  inlineAddress,
  parseTfjsModel,
  storedSize,
  storedType,
  tfjsArtifacts,
} from "./tfjs-model.ts";

const W = { name: "w", shape: [2, 3], dtype: "float32" };

/** The text of a model with some weights in one file. */
function text(weights: readonly unknown[], more: Record<string, unknown> = {}): string {
  const weightsManifest = [{ paths: ["w.bin"], weights }];
  return JSON.stringify({ modelTopology: { node: [] }, weightsManifest, ...more });
}

describe("parseTfjsModel", () => {
  it("keeps what a model is run by, and drops what its converter says of itself", () => {
    const extras = { signature: { inputs: {} }, userDefinedMetadata: null, generatedBy: "2.4" };
    expect(parseTfjsModel(text([W], { format: "graph-model", ...extras }))).toEqual({
      format: "graph-model",
      modelTopology: { node: [] },
      weightsManifest: [{ paths: ["w.bin"], weights: [W] }],
      extras: { signature: { inputs: {} } },
    });
  });

  it("tells the formats apart where the file does not say", () => {
    expect(parseTfjsModel(text([])).format).toBe("graph-model");
    const layers = text([], { modelTopology: { class_name: "Sequential" } });
    expect(parseTfjsModel(layers).format).toBe("layers-model");
  });

  it("reads quantized weights as they are stored", () => {
    const affine = { dtype: "uint8", scale: 0.5, min: -1, original_dtype: "float32" };
    const { weightsManifest } = parseTfjsModel(
      text([
        { ...W, quantization: affine },
        { ...W, name: "h", quantization: { dtype: "float16" } },
        { ...W, name: "plain", quantization: null },
      ]),
    );
    const weights = weightsManifest.flatMap((group) => group.weights);
    expect(weights.map(storedType)).toEqual(["uint8", "float16", "float32"]);
    expect(weights.map(storedSize)).toEqual([6, 12, 24]);
    expect(weights[0]?.quantization).toEqual({ dtype: "uint8", scale: 0.5, min: -1 });
    expect(weights[2]).toEqual({ ...W, name: "plain" });
  });

  it.each([
    ["two weights of one name", [W, W], "weights[1].name"],
    ["a size below zero", [{ ...W, shape: [-1] }], "shape[0]"],
    ["more elements than there are numbers", [{ ...W, shape: [2 ** 40, 2 ** 40] }], "shape"],
    ["a type there is not", [{ ...W, dtype: "int4" }], "dtype"],
    ["no scale", [{ ...W, quantization: { dtype: "uint8", min: 0 } }], "quantization.scale"],
    [
      "booleans as float16",
      [{ ...W, dtype: "bool", quantization: { dtype: "float16" } }],
      "no quan",
    ],
  ])("refuses %s", (_what, weights, message) => {
    expect(() => parseTfjsModel(text(weights))).toThrow(
      expect.objectContaining({ code: "model-invalid", message: expect.stringContaining(message) }),
    );
  });

  it.each(["string", "complex64"])("says that weights of %ss cannot be packed", (dtype) => {
    expect(() => parseTfjsModel(text([{ ...W, dtype }]))).toThrow(
      expect.objectContaining({
        code: "model-unsupported",
        message: expect.stringContaining('weight "w"'),
      }),
    );
  });
});

describe("encodeTfjsModel", () => {
  it("writes what reads as the same", () => {
    const model = parseTfjsModel(text([W], { signature: { outputs: {} } }));
    expect(parseTfjsModel(encodeTfjsModel(model))).toEqual(model);
  });
});

describe("tfjsArtifacts", () => {
  it("puts weights in the order of their specifications, from files and from the model itself", () => {
    const small = Uint8Array.of(0, 127, 128, 255);
    const model = parseTfjsModel(
      JSON.stringify({
        modelTopology: { node: [] },
        weightsManifest: [
          { paths: ["w.bin"], weights: [W] },
          { paths: [], weights: [{ name: "none", shape: [0], dtype: "float32" }] },
          {
            paths: [inlineAddress(small)],
            weights: [{ name: "s", shape: [4], dtype: "bool" }],
          },
        ],
      }),
    );
    const file = new ArrayBuffer(24);
    const artifacts = tfjsArtifacts(model, (path) => (path === "w.bin" ? file : undefined));
    expect(artifacts.weightSpecs.map(({ name }) => name)).toEqual(["w", "none", "s"]);
    expect(artifacts.weightData[0]).toBe(file);
    expect(new Uint8Array(artifacts.weightData[1] ?? new ArrayBuffer())).toEqual(small);
    expect(artifacts.weightData.map(({ byteLength }) => byteLength)).toEqual([24, 4, 0]);
  });

  it("names weights that are not there", () => {
    expect(() => tfjsArtifacts(parseTfjsModel(text([W])), () => undefined)).toThrow(/w\.bin/);
  });
});
