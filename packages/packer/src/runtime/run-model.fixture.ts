import type { ModelProto } from "onnx-buf";
import { bytesFrom, elementsOf, type NamedTensor } from "../named-tensor.ts";
import { encode } from "../onnx/onnx-model.fixture.ts";
import { openSession } from "./onnx-runtime.ts";
import { Runtime } from "./with-runtime.ts";

/** Floats from −1 to 1 that look random, the same for the same seed. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** An input named `x`. */
export function input(dims: number[], values: ArrayLike<number>): NamedTensor {
  return { name: "x", dtype: "float32", dims, bytes: bytesFrom("float32", Array.from(values)) };
}

/** One thread for the models of a test file: starting one takes longer than most of them. */
const runtime = new Runtime({});

/** What a model answers. */
export async function answer(
  onnx: ModelProto,
  inputs: readonly NamedTensor[],
): Promise<NamedTensor[]> {
  return await runtime.around(async () => {
    const session = await openSession({ graph: encode(onnx), weights: new Map() });
    try {
      return await session.run(inputs);
    } finally {
      await session.close();
    }
  });
}

/** The answers of a model, output after output. */
export async function run(onnx: ModelProto, ...inputs: NamedTensor[]): Promise<number[]> {
  const outputs = await answer(onnx, inputs);
  return outputs.flatMap((output) => Array.from(elementsOf(output), Number));
}

/** How far one list of answers is from another, relative to the largest of them. */
export function distance(answers: readonly number[], expected: readonly number[]): number {
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - (answers[i] ?? NaN)))) / largest;
}
