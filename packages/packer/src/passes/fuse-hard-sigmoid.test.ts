import { clone } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto } from "onnx-buf";
import { expect, test } from "vitest";
import { floats, graph, model, node, value } from "../onnx/onnx-model.fixture.ts";
import { distance, input, run } from "../runtime/run-model.fixture.ts";
import { dropUnread } from "./drop-unread.ts";
import { fuseHardSigmoid } from "./fuse-hard-sigmoid.ts";

const CONSTANTS = Object.entries({ zero: 0, three: 3, five: 5, six: 6 }).map(([name, constant]) =>
  floats(name, [], [constant]),
);

async function operatorsAfter(nodes: NodeProto[], outputs = ["y"]): Promise<string[]> {
  const onnx = model(
    graph({
      input: [value("x", [7])],
      output: outputs.map((name) => value(name)),
      initializer: CONSTANTS,
      node: nodes,
    }),
  );
  const fused = clone(ModelProtoSchema, onnx);
  if (fused.graph === undefined) return expect.fail("the model has no graph");
  fuseHardSigmoid(fused.graph);
  dropUnread(fused.graph);
  const x = input([7], [-9, -3, -1.5, 0, 1.5, 3, 9]);
  expect(distance(await run(fused, x), await run(onnx, x))).toBeLessThan(1e-6);
  return fused.graph.node.map(({ opType }) => opType);
}

const clip = (limit = "six") => [
  node("Add", ["x", "three"], ["moved"]),
  node("Clip", ["moved", "zero", limit], ["clipped"]),
];

test("a hard sigmoid and a hard swish that are spelled out become what they are", async () => {
  expect(await operatorsAfter([...clip(), node("Div", ["clipped", "six"], ["y"])])).toEqual([
    "HardSigmoid",
  ]);
  for (const factors of [
    ["x", "clipped"],
    ["clipped", "x"],
  ]) {
    const swish = [...clip(), node("Mul", factors, ["m"]), node("Div", ["m", "six"], ["y"])];
    expect(await operatorsAfter(swish)).toEqual(["HardSigmoid", "Mul"]);
  }
});

test("another divisor, another factor, or a step that is read elsewhere leaves it spelled out", async () => {
  expect(await operatorsAfter([...clip("five"), node("Div", ["clipped", "six"], ["y"])])).toContain(
    "Clip",
  );
  const other = [
    ...clip(),
    node("Mul", ["moved", "clipped"], ["m"]),
    node("Div", ["m", "six"], ["y"]),
  ];
  expect(await operatorsAfter(other)).toContain("Clip");
  const answered = [...clip(), node("Div", ["clipped", "six"], ["y"])];
  expect(await operatorsAfter(answered, ["y", "clipped"])).toContain("Clip");
});
