import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelProto } from "onnx-buf";
import { beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { elementsOf } from "../named-tensor.ts";
import {
  addModel,
  DataType,
  encode,
  graph,
  model,
  node,
  temporaryFolder,
  value,
} from "../onnx/onnx-model.fixture.ts";
import { pack } from "../pack.ts";
import { contentsOf } from "../registry/files.fixture.ts";
import { verify } from "../verify/verify.ts";
import { openSource } from "./open-source.ts";

const tensor = (dtype: string, shape: number[], name?: string) => ({
  type: "tensor",
  "tensor-spec": { dtype, shape },
  ...(name === undefined ? {} : { name }),
});

const column = (name: string, type = "double") => ({ type, name, required: true });

/** `y = a + b`, each `[n, 1]`. */
const sum = model(
  graph({
    input: [value("a", ["n", 1]), value("b", ["n", 1], DataType.FLOAT)],
    output: [value("y", ["n", 1])],
    node: [node("Add", ["a", "b"], ["y"])],
  }),
);

/** `y = -x`, of which the model says no sizes. */
const vague = model(
  graph({
    input: [value("x", ["rows", "columns"])],
    output: [value("y", ["rows", "columns"])],
    node: [node("Neg", ["x"], ["y"])],
  }),
);

describe("an MLflow folder", () => {
  let outside: string;
  let folder: string;
  let registry: string;

  /** As `mlflow.onnx.save_model` lays a folder out. */
  async function write(parts: {
    onnx?: ModelProto;
    inputs?: unknown[];
    outputs?: unknown[];
    example?: unknown;
    more?: Record<string, unknown>;
  }): Promise<void> {
    const { onnx = vague, inputs, outputs, example, more = {} } = parts;
    const signature = {
      inputs: JSON.stringify(inputs),
      outputs: outputs && JSON.stringify(outputs),
    };
    const info = { artifact_path: "input_example.json", type: "ndarray", format: "tf-serving" };
    const document = {
      flavors: {
        onnx: {
          code: null,
          data: "model.onnx",
          onnx_version: "1.16.0",
          onnx_session_options: null,
        },
        python_function: { data: "model.onnx", loader_module: "mlflow.onnx" },
      },
      mlflow_version: "2.14.1",
      model_uuid: "5f4dcc3b5aa765d61d8327deb882cf99",
      run_id: "0123456789abcdef0123456789abcdef",
      ...(example === undefined ? {} : { saved_input_example_info: info }),
      ...(inputs === undefined ? {} : { signature }),
      utc_time_created: "2024-06-01 12:00:00.000000",
      ...more,
    };
    await writeFile(join(folder, "MLmodel"), stringify(document));
    await writeFile(join(folder, "model.onnx"), encode(onnx));
    if (example !== undefined)
      await writeFile(join(folder, "input_example.json"), JSON.stringify(example));
  }

  const packed = () => pack({ model: folder, name: "m", version: "1.0.0", registry });

  beforeEach(async () => {
    outside = await temporaryFolder();
    folder = join(outside, "model");
    registry = join(outside, "registry");
    await mkdir(folder);
  });

  it("is packed with its signature and its example as golden inputs, and verifies", async () => {
    await write({
      inputs: [tensor("float64", [-1, 3])],
      outputs: [tensor("float32", [-1, 3])],
      example: {
        inputs: [
          [0.5, 1, -2],
          [3, 4, 5],
        ],
      },
    });
    const { manifest, warnings } = await packed();
    expect(warnings).toEqual([]);
    expect(manifest.signature).toEqual({
      inputs: [{ name: "x", dtype: "float32", dims: [-1, 3] }],
      outputs: [{ name: "y", dtype: "float32", dims: [-1, 3] }],
    });
    expect(manifest.golden.cases[0]?.inputs[0]?.dims).toEqual([2, 3]);
    expect(manifest.provenance.source.file).toBe("model.onnx");
    expect((await verify({ name: "m", registry })).problems).toEqual([]);
  });

  it("gives the same bytes whichever run wrote it, and when", async () => {
    await write({ inputs: [tensor("float32", [-1, 3])] });
    const first = await packed();
    await write({
      inputs: [tensor("float32", [-1, 3])],
      more: { run_id: "ffff", utc_time_created: "2025-01-01" },
    });
    expect(await packed()).toMatchObject({ digest: first.digest, outcome: "unchanged" });
  });

  it.each<[what: string, onnx: ModelProto, example: unknown, fed: Record<string, number[]>]>([
    ["an array", vague, { inputs: [[1, 2]] }, { x: [1, 2] }],
    ["an array with parameters", vague, { inputs: { inputs: [[1]] }, params: {} }, { x: [1] }],
    ["rows for a server", vague, { instances: [[1], [2]] }, { x: [1, 2] }],
    ["arrays by name", sum, { inputs: { a: [[1]], b: [[2]] } }, { a: [1], b: [2] }],
    ["a table for one input", vague, { columns: ["p", "q"], data: [[1, 2]] }, { x: [1, 2] }],
    ["a table without names", vague, { data: [[true, false]] }, { x: [1, 0] }],
    [
      "a table by columns",
      sum,
      {
        columns: ["b", "a"],
        data: [
          [1, 2],
          [3, 4],
        ],
      },
      { a: [2, 4], b: [1, 3] },
    ],
    [
      "a table for a server",
      sum,
      { dataframe_split: { columns: ["a", "b"], data: [[1, 2]] } },
      { a: [1], b: [2] },
    ],
    ["records for a server", sum, { dataframe_records: [{ b: 1, a: 2 }] }, { a: [2], b: [1] }],
  ])("takes an example that is %s", async (_, onnx, example, fed) => {
    await write({ onnx, example });
    const { inputs = [], notes } = await openSource(folder);
    expect(notes).toEqual([]);
    const [tensors = []] = inputs;
    expect(
      Object.fromEntries(
        tensors.map((input) => [input.name, Array.from(elementsOf(input), Number)]),
      ),
    ).toEqual(fed);
    expect(tensors.every(({ dims }) => dims.length === 2)).toBe(true);
  });

  it.each<[what: string, onnx: ModelProto, example: unknown, why: RegExp]>([
    ["rows of different lengths", vague, { inputs: [[1, 2], [3]] }, /"x" is no array of numbers/],
    ["what was NaN", vague, { inputs: [[1, null]] }, /"x" is no array of numbers/],
    ["words", vague, { columns: ["p"], data: [["cat"]] }, /"x" is no array of numbers/],
    ["one array for two inputs", sum, { inputs: [[1]] }, /the model takes 2/],
    ["a name too few", sum, { inputs: { a: [[1]] } }, /holds no "b"/],
    ["a bare number", vague, 7, /it is no example/],
    ["lists upon lists", vague, JSON.parse("[".repeat(99) + "]".repeat(99)), /99 dimensions/],
  ])("says that an example of %s was not used, and makes inputs", async (_, onnx, example, why) => {
    await write({ onnx, example });
    const { inputs, notes } = await openSource(folder);
    expect(inputs).toBeUndefined();
    expect(notes).toEqual([expect.stringMatching(why)]);
  });

  it("does without an example that is missing, and says so", async () => {
    const more = { saved_input_example_info: { artifact_path: "gone.json" } };
    await write({ inputs: [tensor("float32", [-1, 3])], more });
    expect((await packed()).warnings).toEqual([expect.stringMatching(/gone\.json.*is missing/)]);
  });

  it.each<[what: string, onnx: ModelProto, inputs: unknown[], why: RegExp]>([
    ["another type", vague, [tensor("int64", [-1, 3])], /"x" is int64 there, and float32 in/],
    [
      "another rank",
      vague,
      [tensor("float32", [-1])],
      /"x" is of shape \[-1\] there, and \[-1, -1\]/,
    ],
    ["another size", addModel(), [tensor("float32", [-1, 3])], /\[-1, 3\] there, and \[-1, 512\]/],
    ["another name", vague, [tensor("float32", [-1, 3], "z")], /the model has no "z"/],
    ["one too few", sum, [tensor("float32", [-1, 1], "a")], /"b" is not in it/],
    ["one without a name", sum, [tensor("float32", [-1, 1])], /the model has no one input/],
    [
      "another number of columns",
      addModel(),
      [column("p"), column("q")],
      /2 columns, .* takes 512/,
    ],
    ["columns of other names", sum, [column("a"), column("c")], /the model has no "c"/],
    ["a column of words", sum, [column("a"), column("b", "string")], /"b" is no number there/],
  ])("is refused where its signature has %s", async (_, onnx, inputs, why) => {
    await write({ onnx, inputs });
    await expect(packed()).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringMatching(why),
    });
    expect(await contentsOf(registry)).toEqual([]);
  });

  it("takes a signature of columns that fits", async () => {
    await write({ onnx: sum, inputs: [column("b"), column("a", "float")] });
    expect((await packed()).manifest.signature.inputs.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("says where its outputs are told otherwise, and packs the model's", async () => {
    await write({ inputs: [tensor("float32", [-1, 3])], outputs: [tensor("int64", [-1])] });
    const { manifest, warnings } = await packed();
    expect(warnings).toEqual([expect.stringMatching(/output "y" is int64 there, and float32/)]);
    expect(manifest.signature.outputs[0]?.dtype).toBe("float32");
  });

  it("names its flavours where none is onnx", async () => {
    await write({ more: { flavors: { sklearn: {}, python_function: {} } } });
    await expect(packed()).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringMatching(/python_function, sklearn, and only onnx.*mlflow\.onnx/),
    });
  });

  it.each([
    ["is no YAML", "flavors: [", /not plain YAML/],
    [
      "holds objects of a programming language",
      "flavors: !!python/object:os.system x",
      /plain YAML/,
    ],
    ["holds aliases that multiply", bomb(), /not plain YAML \(Excessive alias count/],
    ["is nested without end", "[".repeat(100_000), /not plain YAML/],
    ["lists no flavours", "run_id: x", /lists no flavors/],
    ["names no file", "flavors: {onnx: {data: 3}}", /names no file/],
    [
      "has a signature that is no JSON",
      "flavors: {onnx: {data: a}}\nsignature: {inputs: '['}",
      /signature\.inputs is not JSON/,
    ],
    [
      "has a signature of a wrong shape",
      'flavors: {onnx: {data: a}}\nsignature: {inputs: \'[{"type":"tensor","tensor-spec":{"shape":[-2]}}]\'}',
      /signature\.inputs\[0\]\.tensor-spec\.shape/,
    ],
    ["is far too large", `x: ${"y".repeat(1024 * 1024)}`, /more than 1048576 are not read/],
  ])("is refused where MLmodel %s", async (_, text, why) => {
    await writeFile(join(folder, "MLmodel"), text);
    await expect(packed()).rejects.toMatchObject({
      code: "model-invalid",
      message: expect.stringMatching(why),
    });
  });

  it("never leads out of itself", async () => {
    await write({});
    await writeFile(join(outside, "other.onnx"), encode(vague));
    await writeFile(join(outside, "other.json"), "[[1]]");
    await symlink(join(outside, "other.onnx"), join(folder, "link.onnx"));
    for (const data of ["../other.onnx", join(outside, "other.onnx"), "link.onnx"]) {
      await write({ more: { flavors: { onnx: { data } } } });
      await expect(packed(), data).rejects.toMatchObject({ code: "model-unsupported" });
    }
    await write({ more: { saved_input_example_info: { artifact_path: "../other.json" } } });
    await expect(packed()).rejects.toMatchObject({ code: "model-unsupported" });
  });

  it("has nothing to choose in it", async () => {
    await write({});
    await expect(openSource(folder, "model.onnx")).rejects.toMatchObject({
      code: "options-invalid",
    });
  });
});

/** A few hundred bytes that would become 10^9 values. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const below = level === 0 ? "x" : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array(10).fill(below).join(", ")}]`;
  });
  return levels.join("\n");
}
