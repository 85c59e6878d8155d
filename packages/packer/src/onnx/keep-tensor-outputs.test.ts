import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type ModelProto,
  type NodeProto,
  OperatorSetIdProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { expect, test } from "vitest";
import { pack } from "../pack.ts";
import { noise } from "../runtime/run-model.fixture.ts";
import {
  attribute,
  DataType,
  floats,
  graph,
  model,
  modelFile,
  node,
  temporaryFolder,
  value,
} from "./onnx-model.fixture.ts";

/** An output that is a list of tensors. */
function list(name: string) {
  const elemType = { value: { case: "tensorType" as const, value: { elemType: DataType.FLOAT } } };
  const type = { value: { case: "sequenceType" as const, value: { elemType } } };
  return create(ValueInfoProtoSchema, { name, type });
}

/** A classifier whose second output is made by a node. */
function classifier(
  last: NodeProto,
  outputs = [value("label", ["n"], DataType.INT64)],
): ModelProto {
  const onnx = model(
    graph({
      input: [value("x", ["n", 8])],
      output: [...outputs, list("probabilities")],
      initializer: [floats("w", [8, 3], noise(24))],
      node: [
        node("MatMul", ["x", "w"], ["scores"]),
        node(
          "ArgMax",
          ["scores"],
          ["label"],
          [
            attribute("axis", { type: AttributeType.INT, i: 1n }),
            attribute("keepdims", { type: AttributeType.INT, i: 0n }),
          ],
        ),
        node("Softmax", ["scores"], ["shares"]),
        last,
      ],
    }),
  );
  onnx.opsetImport.push(create(OperatorSetIdProtoSchema, { domain: "ai.onnx.ml", version: 1n }));
  return onnx;
}

function zipMap(): NodeProto {
  const classes = { type: AttributeType.INTS, ints: [0n, 1n, 2n] };
  const zip = node(
    "ZipMap",
    ["shares"],
    ["probabilities"],
    [attribute("classlabels_int64s", classes)],
  );
  zip.domain = "ai.onnx.ml";
  return zip;
}

async function packed(onnx: ModelProto) {
  const registry = await temporaryFolder();
  return await pack({ model: await modelFile(onnx), name: "m", version: "1.0.0", registry });
}

test("a classifier's ZipMap gives way to the tensor that it reads", async () => {
  const { manifest, warnings } = await packed(classifier(zipMap()));
  expect(manifest.signature.outputs).toEqual([
    { name: "label", dtype: "int64", dims: [-1] },
    { name: "probabilities", dtype: "float32", dims: [-1, -1] },
  ]);
  expect(warnings).toEqual([expect.stringContaining('"probabilities" was a list of maps')]);
});

test("an output that is a list is left out, and the others are packed", async () => {
  const { manifest, warnings } = await packed(
    classifier(node("SplitToSequence", ["shares"], ["probabilities"])),
  );
  expect(manifest.signature.outputs.map(({ name }) => name)).toEqual(["label"]);
  expect(warnings).toEqual([expect.stringContaining('"probabilities" is no tensor')]);
});

test("a model that gives nothing but lists is refused", async () => {
  const onnx = classifier(node("SplitToSequence", ["shares"], ["probabilities"]), []);
  await expect(packed(onnx)).rejects.toMatchObject({
    code: "model-unsupported",
    message: expect.stringContaining('"probabilities" is a sequence'),
  });
});
