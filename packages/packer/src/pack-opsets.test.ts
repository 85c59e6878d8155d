import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BlobRef, Dtype, Manifest } from "@selvedge/protocol";
import { afterAll, expect, test } from "vitest";
import { elementsOf, type NamedTensor } from "./named-tensor.ts";
import { encode, model, modelFile, temporaryFolder } from "./onnx/onnx-model.fixture.ts";
import { operatorsOf, X_DIMS } from "./onnx/operators.fixture.ts";
import { pack } from "./pack.ts";
import { openSession, type SessionSource } from "./runtime/onnx-runtime.ts";
import { distance, input, noise } from "./runtime/run-model.fixture.ts";
import { Runtime } from "./runtime/with-runtime.ts";

const OPSETS = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22];

/** Each loads about ninety operators eleven times. */
const TIMEOUT_MS = 60_000;

/** How far answers may be, of the largest one of the same output. */
const FARTHEST: Readonly<Partial<Record<Dtype, number>>> = { fp32: 1e-5, fp16: 5e-3, q8: 0.05 };

// One thread for all: starting one takes longer than a test does.
const runtime = new Runtime({});
afterAll(() => runtime.close());

test.each(OPSETS)(
  "operators of opset %i answer packed as they do unpacked",
  async (opset) => {
    const registry = await temporaryFolder();
    const onnx = model(operatorsOf(opset), { opset: BigInt(opset) });
    const path = await modelFile(onnx);
    const dtypes = ["fp32", "fp16", "q8"] as const;
    const packing = { model: path, name: "m", version: "1.0.0", registry, dtypes };
    const { manifest, warnings } = await runtime.around(() => pack(packing));
    expect(warnings).toEqual([]);
    // fp16 also has a graph that computes in float16.
    expect(manifest.variants.map(({ dtype }) => dtype)).toEqual(["fp32", "fp16", "fp16", "q8"]);

    const contents = await contentsOf(join(registry, "m"), manifest);
    const x = input(X_DIMS, noise(4 * 8 * 8, opset));
    const expected = await answers({ graph: encode(onnx), weights: new Map() }, x);
    for (const { dtype, graph, tensors } of manifest.variants) {
      const weights = new Map(tensors.map((tensor) => [tensor.sha256, contents(tensor)]));
      const actual = await answers({ graph: contents(graph), weights }, x);
      const far = [...expected].filter(
        ([name, values]) => !(distance(actual.get(name) ?? [], values) <= (FARTHEST[dtype] ?? 0)),
      );
      expect([dtype, ...far.map(([name]) => name)]).toEqual([dtype]);
    }
  },
  TIMEOUT_MS,
);

async function answers(source: SessionSource, x: NamedTensor): Promise<Map<string, number[]>> {
  const session = await runtime.around(() => openSession(source));
  try {
    const outputs = await session.run([x]);
    return new Map(outputs.map((output) => [output.name, Array.from(elementsOf(output), Number)]));
  } finally {
    await session.close();
  }
}

/** Reads blobs out of a registry's segments. */
async function contentsOf(folder: string, { segments }: Manifest) {
  const files = await Promise.all(
    segments.map(({ sha256 }) => readFile(join(folder, "segments", `${sha256}.bin`))),
  );
  return ({ at: { segment, offset, length } }: BlobRef): Uint8Array<ArrayBuffer> =>
    new Uint8Array(files[segment]?.subarray(offset, offset + length) ?? []);
}
