import { create } from "@bufbuild/protobuf";
import { ValueInfoProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { DataType, graph, value } from "./onnx-model.fixture.ts";
import { declaredSignature, observedSignature } from "./signature.ts";

const declared = (input: ReturnType<typeof value>) =>
  declaredSignature(graph({ input: [input] })).inputs[0];
const seen = (name: string, dims: number[]) => ({
  name,
  dtype: "float32" as const,
  dims,
  bytes: new Uint8Array(),
});

describe("declaredSignature", () => {
  it("reads named and unknown sizes as free ones", () => {
    expect(declared(value("x", ["batch", 3, 0, -1], DataType.INT64))).toEqual({
      name: "x",
      dtype: "int64",
      dims: [-1, 3, -1, -1],
    });
  });

  it("leaves out what the model does not say", () => {
    expect(declared(value("x", undefined, 0))).toEqual({ name: "x" });
  });

  it("refuses elements that no session takes, naming the input", () => {
    expect(() => declared(value("x", [1], DataType.BFLOAT16))).toThrow(
      expect.objectContaining({
        code: "model-unsupported",
        message: expect.stringMatching(/"x".*bfloat16/),
      }),
    );
  });

  it("refuses values that are no tensors", () => {
    const type = { value: { case: "sequenceType" as const, value: {} } };
    const sequence = create(ValueInfoProtoSchema, { name: "x", type });
    expect(() => declared(sequence)).toThrow(
      expect.objectContaining({ code: "model-unsupported" }),
    );
  });
});

describe("observedSignature", () => {
  const observe = (dims: (number | string)[] | undefined, ...runs: number[][]) => {
    const signature = declaredSignature(graph({ output: [value("y", dims)] }));
    const golden = runs.map((run) => ({ inputs: [], outputs: [seen("y", run)] }));
    return observedSignature(signature, golden).outputs[0]?.dims;
  };

  it("keeps sizes that the run bears out, and free ones free", () => {
    expect(observe(["n", 512], [1, 512])).toEqual([-1, 512]);
  });

  it("takes a size that the run contradicts for a free one", () => {
    expect(observe([1, 512], [8, 512])).toEqual([-1, 512]);
    expect(observe([1, 512], [1, 512], [2, 512])).toEqual([-1, 512]);
  });

  it("takes the rank from the run where none was declared, or another", () => {
    expect(observe(undefined, [1, 2])).toEqual([-1, -1]);
    expect(observe([512], [1, 512])).toEqual([-1, -1]);
  });
});
