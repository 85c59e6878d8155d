import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TensorProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { DataType, filled } from "./onnx-model.fixture.ts";
import { isExternalizable, rawContent } from "./tensor-content.ts";

const tensor = (content: MessageInitShape<typeof TensorProtoSchema>) =>
  create(TensorProtoSchema, { dims: [2n], ...content });

describe("rawContent", () => {
  it.each([
    [DataType.FLOAT, { floatData: [1.5, -2] }, Float32Array.of(1.5, -2)],
    [DataType.DOUBLE, { doubleData: [0.1, -2] }, Float64Array.of(0.1, -2)],
    [DataType.INT64, { int64Data: [-1n, 2n ** 40n] }, BigInt64Array.of(-1n, 2n ** 40n)],
    [DataType.UINT64, { uint64Data: [1n, 2n ** 63n] }, BigUint64Array.of(1n, 2n ** 63n)],
    [DataType.UINT32, { uint64Data: [1n, 2n ** 31n] }, Uint32Array.of(1, 2 ** 31)],
    [DataType.INT32, { int32Data: [-1, 2] }, Int32Array.of(-1, 2)],
    [DataType.INT16, { int32Data: [-1, 2] }, Int16Array.of(-1, 2)],
    [DataType.UINT16, { int32Data: [65535, 2] }, Uint16Array.of(65535, 2)],
    [DataType.FLOAT16, { int32Data: [0x3c00, 0xbc00] }, Uint16Array.of(0x3c00, 0xbc00)],
    [DataType.INT8, { int32Data: [-1, 2] }, Int8Array.of(-1, 2)],
    [DataType.UINT8, { int32Data: [255, 2] }, Uint8Array.of(255, 2)],
    [DataType.BOOL, { int32Data: [1, 0] }, Uint8Array.of(1, 0)],
    [DataType.INT4, { int32Data: [0xf2] }, Uint8Array.of(0xf2)],
  ])("reads data type %s from its typed field", (dataType, content, elements) => {
    expect(rawContent(tensor({ dataType, ...content }))).toEqual(new Uint8Array(elements.buffer));
  });

  it("takes raw bytes as they are", () => {
    const rawData = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(rawContent(tensor({ dataType: DataType.FLOAT, rawData }))).toEqual(rawData);
  });

  it("refuses a tensor with fewer bytes than its dimensions say, naming it", () => {
    const short = tensor({ name: "w", dataType: DataType.FLOAT, floatData: [1] });
    expect(() => rawContent(short)).toThrow(
      expect.objectContaining({ code: "model-invalid", message: expect.stringContaining('"w"') }),
    );
  });
});

describe("isExternalizable", () => {
  it("begins at 2048 bytes", () => {
    expect(isExternalizable(filled("w", 512, 0))).toBe(true);
    expect(isExternalizable(filled("w", 511, 0))).toBe(false);
  });

  it("does not hold for strings", () => {
    expect(isExternalizable(tensor({ dims: [4096n], dataType: DataType.STRING }))).toBe(false);
  });
});
