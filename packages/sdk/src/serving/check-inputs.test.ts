import { type ElementType, SelvedgeError, type ValueInfo } from "@selvedge/protocol";
import { describe, expect, test } from "vitest";
import type { Tensor, TensorData } from "../tensor.ts";
import { checkInputs, snapshot, takeOver } from "./check-inputs.ts";

const picture: ValueInfo = { name: "x", dtype: "float32", dims: [1, -1, 2] };

/** What a caller without types may pass. */
function untyped(inputs: object): Record<string, Tensor> {
  return inputs as Record<string, Tensor>;
}

function failureOf(inputs: object, expected: readonly ValueInfo[] = [picture]): SelvedgeError {
  try {
    checkInputs(expected, untyped(inputs));
  } catch (error) {
    if (error instanceof SelvedgeError) return error;
    throw error;
  }
  throw new Error("the inputs were accepted");
}

const fitting: Tensor = { type: "float32", data: new Float32Array(6), dims: [1, 3, 2] };

test("inputs that fit the signature pass, whatever a free dimension is", () => {
  const empty: Tensor = { type: "float32", data: new Float32Array(0), dims: [1, 0, 2] };
  for (const x of [fitting, empty]) expect(() => checkInputs([picture], { x })).not.toThrow();
});

test.each<[what: string, code: string, input: string, inputs: object]>([
  ["nothing", "input-missing", "x", {}],
  ["null", "input-missing", "x", { x: null }],
  ["a name that only the prototype has", "input-missing", "x", Object.create({ x: fitting })],
  ["one name too many", "input-unknown", "y", { x: fitting, y: fitting }],
  ["another type", "input-type", "x", { x: { ...fitting, type: "int32" } }],
  ["another array", "input-type", "x", { x: { ...fitting, data: new Float64Array(6) } }],
  ["a plain list", "input-type", "x", { x: { ...fitting, data: [1, 2, 3, 4, 5, 6] } }],
  ["no data", "input-type", "x", { x: { type: "float32", dims: [1, 3, 2] } }],
  ["no dims", "input-shape", "x", { x: { type: "float32", data: new Float32Array(6) } }],
  ["a fraction", "input-shape", "x", { x: { ...fitting, dims: [1, 1.5, 2] } }],
  ["a dimension below 0", "input-shape", "x", { x: { ...fitting, dims: [1, -1, 2] } }],
  ["another rank", "input-shape", "x", { x: { ...fitting, dims: [6] } }],
  ["another fixed dimension", "input-shape", "x", { x: { ...fitting, dims: [1, 2, 3] } }],
  ["too few elements", "input-shape", "x", { x: { ...fitting, data: new Float32Array(5) } }],
])("%s is refused with %s, which names %s", (_what, code, input, inputs) => {
  const error = failureOf(inputs);
  expect(error).toMatchObject({ code, detail: { input } });
  expect(error.message).toContain(`"${input}"`);
});

test("a refusal says what the model takes and what it was given", () => {
  expect(failureOf({ x: { ...fitting, dims: [1, 2, 3] } }).message).toBe(
    'The input "x" has shape [1, 2, 3], but the model takes float32[1, any, 2].',
  );
});

test.each<[ElementType, dims: number[], TensorData]>([
  ["int64", [2], new BigInt64Array(2)],
  ["uint64", [2], new BigUint64Array(2)],
  ["bool", [3], new Uint8Array(3)],
  ["float16", [2], new Uint16Array(2)],
  ["int4", [3], new Uint8Array(2)],
  ["string", [2], ["a", "b"]],
  ["float32", [], new Float32Array(1)],
  ["float32", [4, 0], new Float32Array(0)],
])("%s of shape %j passes in the array it is carried in", (type, dims, data) => {
  expect(() =>
    checkInputs([{ name: "x", dtype: type, dims }], { x: { type, data, dims } }),
  ).not.toThrow();
});

describe("a snapshot", () => {
  test("copies a view into a large buffer at its own size", () => {
    const pool = new Float32Array(1_000_000).fill(7);
    const { x } = snapshot({ x: { type: "float32", data: pool.subarray(10, 12), dims: [2] } });
    expect(x?.data).toEqual(new Float32Array([7, 7]));
    expect(bufferOf(x).byteLength).toBe(8);
  });

  test("is not changed by what the caller writes later, into data or dims", () => {
    const data = new BigInt64Array([1n, 2n]);
    const dims = [2];
    const inputs = snapshot({ x: { type: "int64", data, dims } });
    data[0] = 9n;
    dims[0] = 9;
    expect(inputs).toEqual({ x: { type: "int64", data: new BigInt64Array([1n, 2n]), dims: [2] } });
  });

  test("copies a Buffer, whose own slice would be a view of its pool", () => {
    const data = Buffer.from([1, 2, 3]);
    const { x } = snapshot({ x: { type: "uint8", data, dims: [3] } });
    data[0] = 9;
    expect([...(x?.data ?? [])]).toEqual([1, 2, 3]);
    expect(bufferOf(x).byteLength).toBe(3);
  });

  test("is plain data, also of a tensor whose data is a getter", () => {
    class OrtTensor {
      readonly type = "float32";
      readonly dims = [2];
      get data() {
        return new Float32Array([1, 2]);
      }
    }
    const inputs = snapshot({ x: new OrtTensor() });
    expect(structuredClone(inputs)).toEqual({
      x: { type: "float32", data: new Float32Array([1, 2]), dims: [2] },
    });
  });
});

describe("inputs that are taken over", () => {
  test("leave the caller with detached buffers at once, and are not copied", () => {
    const data = new Float32Array([1, 2]);
    const inputs = takeOver({ x: { type: "float32", data, dims: [2] } });
    expect(data.length).toBe(0);
    expect(inputs["x"]?.data).toEqual(new Float32Array([1, 2]));
  });

  test("may share a buffer", () => {
    const pool = new Float32Array([1, 2]);
    const inputs = takeOver({
      a: { type: "float32", data: pool.subarray(0, 1), dims: [1] },
      b: { type: "float32", data: pool.subarray(1), dims: [1] },
    });
    expect([inputs["a"]?.data, inputs["b"]?.data]).toEqual([
      new Float32Array([1]),
      new Float32Array([2]),
    ]);
  });

  test("are plain data, also of a tensor whose data is a getter", () => {
    const data = new Float32Array([1, 2]);
    const tensor = Object.create({
      get data() {
        return data;
      },
    }) as Tensor;
    const inputs = takeOver({ x: Object.assign(tensor, { type: "float32", dims: [2] }) });
    expect(inputs["x"]?.data).toEqual(new Float32Array([1, 2]));
  });

  test("are refused where a buffer has gone to someone else already", () => {
    const data = new Uint8Array(1);
    structuredClone(data, { transfer: [data.buffer] });
    expect(() => takeOver({ x: { type: "uint8", data, dims: [0] } })).toThrow(
      expect.objectContaining({ code: "options-invalid" }),
    );
  });
});

function bufferOf(tensor: Tensor | undefined): ArrayBufferLike {
  if (tensor === undefined || !("buffer" in tensor.data)) throw new Error("not a typed array");
  return tensor.data.buffer;
}
