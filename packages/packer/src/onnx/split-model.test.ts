import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import { describe, expect, it } from "vitest";
import { goldenAnswers } from "../golden/golden-answers.ts";
import { bytesFrom, type NamedTensor } from "../named-tensor.ts";
import type { FileRange } from "../registry/file-range.ts";
import { withNestedGraphs } from "./onnx-bodies.ts";
import {
  addModel,
  attribute,
  bodyAttribute,
  constant,
  DataType,
  encode,
  filled,
  floats,
  graph,
  model,
  node,
  temporaryFolder,
  value,
} from "./onnx-model.fixture.ts";
import { splitModel } from "./split-model.ts";

/** Splits a model, and has onnxruntime-web hold its answers against the whole one's. */
async function splitAndCompare(onnx: ReturnType<typeof model>, given?: NamedTensor[][]) {
  const original = { engine: "onnx", graph: encode(onnx), weights: new Map() } as const;
  const split = await splitModel(onnx);
  const weights = new Map(split.tensors.map(({ sha256, bytes }) => [sha256, bytes]));
  const golden = await goldenAnswers({
    original,
    split: { engine: "onnx", graph: split.graph, weights },
    declared: split.declared,
    given: given?.map((inputs) => ({ inputs })),
  });
  return { names: split.tensors.map(({ name }) => name), split, golden };
}

function addBranch(fill: number): GraphProto {
  return graph({
    node: [constant(filled("w", 512, fill)), node("Add", ["x", "w"], ["r"])],
    output: [value("r", [512])],
  });
}

function int64(name: string, number: bigint) {
  const tensor = floats(name, [], []);
  tensor.dataType = DataType.INT64;
  tensor.rawData = new Uint8Array(BigInt64Array.of(number).buffer);
  return tensor;
}

describe("splitModel", () => {
  it("leaves a graph without the bytes of its large tensors", async () => {
    const { split, names } = await splitAndCompare(addModel());
    expect(names).toEqual(["w"]);
    expect(split.graph.length).toBeLessThan(500);
    expect(split.tensors[0]?.bytes).toEqual(new Uint8Array(filled("w", 512, 0.5).rawData));
  });

  it("takes weights out of typed fields", async () => {
    const typed = create(TensorProtoSchema, {
      name: "w",
      dims: [512n],
      dataType: DataType.FLOAT,
      floatData: Array.from({ length: 512 }, (_, i) => i / 512),
    });
    const { names } = await splitAndCompare(addModel(typed));
    expect(names).toEqual(["w"]);
  });

  it("packs what exporters of old wrote: IR 3, weights among the inputs", async () => {
    const old = addModel();
    old.irVersion = 3n;
    old.graph?.input.push(value("w", [512]));
    const { split } = await splitAndCompare(old);
    expect(split.declared.inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  it("gives constants of an If's branches names of their own; one that is returned stays", async () => {
    const returned = graph({
      node: [constant(filled("w", 512, 9))],
      output: [value("w", [512])],
    });
    const inner = [
      bodyAttribute("then_branch", addBranch(1)),
      bodyAttribute("else_branch", addBranch(2)),
    ];
    const outer = graph({ node: [node("If", ["c"], ["z"], inner)], output: [value("z", [512])] });
    const main = graph({
      input: [value("c", [], DataType.BOOL), value("d", [], DataType.BOOL), value("x", [512])],
      output: [value("y", [512])],
      node: [
        node(
          "If",
          ["d"],
          ["y"],
          [bodyAttribute("then_branch", returned), bodyAttribute("else_branch", outer)],
        ),
      ],
    });
    const given = [
      [1, 0],
      [1, 1],
      [0, 0],
      [0, 1],
    ].map(([c = 0, d = 0]): NamedTensor[] => [
      { name: "c", dtype: "bool", dims: [], bytes: bytesFrom("bool", [c]) },
      { name: "d", dtype: "bool", dims: [], bytes: bytesFrom("bool", [d]) },
      { name: "x", dtype: "float32", dims: [512], bytes: new Uint8Array(2048) },
    ]);
    const { names, golden } = await splitAndCompare(model(main), given);
    expect(names).toEqual(["y.else_branch/z.then_branch/w", "y.else_branch/z.else_branch/w"]);
    const answers = golden.map(({ outputs }) => outputs[0]?.bytes);
    expect(answers).toEqual([1, 9, 2, 9].map((fill) => filled("y", 512, fill).rawData));
  });

  it("takes weights out of the bodies of Loop and Scan", async () => {
    const loopBody = graph({
      input: [
        value("i", [], DataType.INT64),
        value("keep", [], DataType.BOOL),
        value("state", [512]),
      ],
      output: [value("again", [], DataType.BOOL), value("next", [512])],
      node: [
        constant(filled("w", 512, 0.5)),
        node("Identity", ["keep"], ["again"]),
        node("Mul", ["state", "w"], ["next"]),
      ],
    });
    const scanBody = graph({
      input: [value("sum", [512]), value("row", [512])],
      output: [value("total", [512]), value("seen", [512])],
      node: [
        constant(filled("w", 512, 0.25)),
        node("Add", ["row", "w"], ["seen"]),
        node("Add", ["sum", "seen"], ["total"]),
      ],
    });
    const rows = attribute("num_scan_inputs", { type: AttributeType.INT, i: 1n });
    const main = graph({
      input: [value("x", [512]), value("xs", ["n", 512])],
      output: [value("y", [512]), value("total", [512]), value("all", ["n", 512])],
      node: [
        constant(int64("trips", 3n)),
        node("Loop", ["trips", "", "x"], ["y"], [bodyAttribute("body", loopBody)]),
        node("Scan", ["x", "xs"], ["total", "all"], [bodyAttribute("body", scanBody), rows]),
      ],
    });
    const { names } = await splitAndCompare(model(main));
    expect(names).toEqual(["y.body/w", "total.body/w"]);
  });

  it("leaves weights in their files, but for what has to be in the graph", async () => {
    const branch = () => graph({ output: [value("r", [512])], initializer: [filled("r", 512, 2)] });
    const made = (): ReturnType<typeof model> =>
      model(
        graph({
          input: [value("x", [512]), value("flag", [], DataType.BOOL)],
          output: [value("y", [512]), value("z", [512])],
          initializer: [filled("w", 512, 3)],
          node: [
            node("Mul", ["x", "w"], ["y"]),
            node(
              "If",
              ["flag"],
              ["z"],
              [bodyAttribute("then_branch", branch()), bodyAttribute("else_branch", branch())],
            ),
          ],
        }),
      );
    const path = join(await temporaryFolder(), "weights.bin");
    await writeFile(
      path,
      Float32Array.from({ length: 1024 }, (_, i) => (i < 512 ? 2 : 3)),
    );
    const streamed = made();
    const ranges = new Map<TensorProto, FileRange>();
    for (const body of streamed.graph === undefined ? [] : withNestedGraphs(streamed.graph))
      for (const tensor of body.initializer) {
        const offset = tensor.name === "w" ? 2048 : 0;
        ranges.set(tensor, { path, offset, length: 2048 });
        Object.assign(tensor, { rawData: new Uint8Array(), dataLocation: DataLocation.EXTERNAL });
      }
    const split = await splitModel(streamed, ranges);
    const whole = await splitModel(made());
    expect(split.graph).toEqual(whole.graph);
    expect(split.tensors).toEqual([
      { ...whole.tensors[0], range: { path, offset: 2048, length: 2048 } },
    ]);
    await writeFile(path, "short");
    expect(() => split.tensors[0]?.bytes).toThrow("was changed while its tensors were read");
  });
});
