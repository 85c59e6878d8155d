import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { type ModelProto, OperatorSetIdProtoSchema } from "onnx-buf";
import { expect, it } from "vitest";
import {
  addModel,
  constant,
  encode,
  filled,
  floats,
  graph,
  model,
  node,
  temporaryFolder,
  value,
} from "./onnx/onnx-model.fixture.ts";
import { pack } from "./pack.ts";
import { contentsOf } from "./registry/files.fixture.ts";

const CODES = /^(model-invalid|model-unsupported|golden-failed)$/;

it.each<[what: string, file: Uint8Array, code: string | RegExp]>([
  ["10,000 nested bodies", nestedBodies(10_000), "model-invalid"],
  ["a cycle", encode(cyclic()), "model-unsupported"],
  ["an output listed twice", encode(withOutput("y")), "model-invalid"],
  ["two weights of one name", encode(withWeight(filled("w", 512, 1))), "model-invalid"],
  ["a constant named like a weight", encode(withConstant()), "model-invalid"],
  ["NaN among its weights", encode(addModel(filled("w", 512, Number.NaN))), "golden-failed"],
  ["a weight of no elements", encode(addModel(floats("w", [0], []))), CODES],
  ["an input of 2^40 elements", encode(vast()), "model-unsupported"],
])("refuses a model with %s, and writes nothing", async (_, file, code) => {
  const folder = await temporaryFolder();
  const path = join(folder, "model.onnx");
  await writeFile(path, file);
  const registry = join(folder, "registry");
  await expect(pack({ model: path, name: "m", version: "1.0.0", registry })).rejects.toMatchObject({
    name: "SelvedgeError",
    code: typeof code === "string" ? code : expect.stringMatching(code),
  });
  expect(await contentsOf(registry)).toEqual([]);
});

function cyclic(): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 4])],
      output: [value("y", ["n", 4])],
      node: [
        node("Add", ["x", "b"], ["a"]),
        node("Add", ["x", "a"], ["b"]),
        node("Neg", ["a"], ["y"]),
      ],
    }),
  );
}

function withOutput(name: string): ModelProto {
  const onnx = addModel();
  onnx.graph?.output.push(value(name, ["n", 512]));
  return onnx;
}

function withWeight(weight: ReturnType<typeof filled>): ModelProto {
  const onnx = addModel();
  onnx.graph?.initializer.push(weight);
  return onnx;
}

function withConstant(): ModelProto {
  const onnx = addModel();
  onnx.graph?.node.unshift(constant(filled("w", 512, 1)));
  return onnx;
}

function vast(): ModelProto {
  return model(
    graph({
      input: [value("x", ["n", 2 ** 40])],
      output: [value("y")],
      node: [node("ReduceMax", ["x"], ["y"])],
    }),
  );
}

/** A model of `If` nodes, each inside the last: written from the inside out, as no encoder could. */
function nestedBodies(depth: number): Uint8Array {
  const text = (field: number, content: string) => [
    (field << 3) | 2,
    content.length,
    ...Buffer.from(content),
  ];
  const heads: number[][] = [];
  let length = 0;
  const open = (field: number, before: number[] = []): void => {
    const head = [...before, (field << 3) | 2, ...varint(length)];
    heads.push(head);
    length += head.length;
  };
  for (let level = 0; level < depth; level++) {
    open(6, text(1, "then_branch"));
    open(5, text(4, "If"));
    open(1);
  }
  const opset = toBinary(OperatorSetIdProtoSchema, {
    $typeName: "onnx.OperatorSetIdProto",
    domain: "",
    version: 13n,
  });
  open(7, [(8 << 3) | 2, opset.length, ...opset]);
  return Uint8Array.from(heads.reverse().flat());
}

function varint(number: number): number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...varint(number >>> 7)];
}
