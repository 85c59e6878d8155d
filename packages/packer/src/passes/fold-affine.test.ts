import { clone } from "@bufbuild/protobuf";
import { ModelProtoSchema, type NodeProto } from "onnx-buf";
import { expect, test } from "vitest";
import { floats, graph, model, node, value } from "../onnx/onnx-model.fixture.ts";
import { distance, input, noise, run } from "../runtime/run-model.fixture.ts";
import { foldAffine } from "./fold-affine.ts";

const CHANNELS = 4;
const WEIGHTS = [
  floats("w", [CHANNELS, 2, 3, 3], noise(CHANNELS * 18)),
  floats("b", [CHANNELS], [1, 2, 3, 4]),
  floats("gamma", [CHANNELS], [1, -2, 0.5, 3]),
  floats("beta", [CHANNELS], [0, 1, 2, 3]),
  floats("mean", [CHANNELS], [0.1, 0.2, -0.3, 0]),
  floats("variance", [CHANNELS], [1, 0.5, 2, 0.01]),
  floats("scalar", [1], [3]),
  floats("channel", [1, CHANNELS, 1, 1], [1, 2, 3, 4]),
  floats("row", [1, 1, 1, 3], [1, 2, 3]),
];
const norm = (x: string, y: string) =>
  node("BatchNormalization", [x, "gamma", "beta", "mean", "variance"], [y]);

function convModel(nodes: NodeProto[], outputs = ["y"]) {
  return model(
    graph({
      input: [value("x", [1, 2, 5, 5])],
      output: outputs.map((name) => value(name)),
      initializer: WEIGHTS.map((tensor) => ({ ...tensor })),
      node: nodes,
    }),
  );
}

async function opsAfterFolding(onnx: ReturnType<typeof convModel>) {
  const folded = clone(ModelProtoSchema, onnx);
  if (folded.graph === undefined) return expect.fail("the model has no graph");
  foldAffine(folded.graph);
  const x = input([1, 2, 5, 5], noise(50));
  expect(distance(await run(folded, x), await run(onnx, x))).toBeLessThan(1e-5);
  return folded.graph.node.map(({ opType }) => opType);
}

test.each([
  ["a BatchNormalization", [node("Conv", ["x", "w"], ["c"]), norm("c", "y")]],
  [
    "a chain of three",
    [
      node("Conv", ["x", "w", "b"], ["c"]),
      norm("c", "n"),
      node("Mul", ["scalar", "n"], ["m"]),
      node("Add", ["m", "channel"], ["y"]),
    ],
  ],
])("%s disappears into the Conv before it", async (_, nodes) => {
  expect(await opsAfterFolding(convModel(nodes))).toEqual(["Conv"]);
});

test("weights that two convolutions share are changed for one only", async () => {
  const nodes = [
    node("Conv", ["x", "w", "b"], ["c"]),
    norm("c", "n"),
    node("Conv", ["x", "w", "b"], ["d"]),
    node("Add", ["n", "d"], ["y"]),
  ];
  expect(await opsAfterFolding(convModel(nodes))).toEqual(["Conv", "Conv", "Add"]);
});

test("what does not go channel by channel, or is read elsewhere, stays", async () => {
  const byColumn = [node("Conv", ["x", "w"], ["c"]), node("Mul", ["c", "row"], ["y"])];
  expect(await opsAfterFolding(convModel(byColumn))).toEqual(["Conv", "Mul"]);
  const answered = [node("Conv", ["x", "w"], ["c"]), norm("c", "y")];
  expect(await opsAfterFolding(convModel(answered, ["c", "y"]))).toEqual([
    "Conv",
    "BatchNormalization",
  ]);
  const squared = [node("Conv", ["x", "w"], ["c"]), node("Mul", ["c", "c"], ["y"])];
  expect(await opsAfterFolding(convModel(squared))).toEqual(["Conv", "Mul"]);
});
