import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataLocation } from "onnx-buf";
import { expect, test } from "vitest";
import { plainOnnx } from "./plain-onnx.mjs";

const EXTERNAL = TensorProto_DataLocation.EXTERNAL;

test("weights outside a pack's graph come back into it, and those inside stay", async () => {
  const registry = await mkdtemp(join(tmpdir(), "selvedge-bench-onnx-"));
  try {
    const externalData = [{ key: "location", value: "w" }];
    const initializer = [
      { name: "outside", dataLocation: EXTERNAL, externalData },
      { name: "inside", rawData: Uint8Array.of(9) },
    ];
    const graph = toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: { initializer } }));
    await mkdir(join(registry, "m/segments"), { recursive: true });
    await writeFile(join(registry, "m/segments/s.bin"), Buffer.from([0, 1, 2, 3, ...graph]));
    const at = (offset, length) => ({ at: { segment: 0, offset, length } });
    const onnx = await plainOnnx({
      registry,
      manifest: { name: "m", segments: [{ sha256: "s" }] },
      variant: { graph: at(4, graph.length), tensors: [{ sha256: "w", ...at(1, 3) }] },
    });
    const [outside, inside] = fromBinary(ModelProtoSchema, onnx).graph.initializer;
    expect([...outside.rawData]).toEqual([1, 2, 3]);
    expect(outside.externalData).toEqual([]);
    expect(outside.dataLocation).not.toBe(EXTERNAL);
    expect([...inside.rawData]).toEqual([9]);
  } finally {
    await rm(registry, { recursive: true });
  }
});
