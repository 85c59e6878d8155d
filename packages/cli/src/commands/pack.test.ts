import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, ModelProtoSchema } from "onnx-buf";
import { beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../run-cli.ts";

/** `y = -x`, of which only the ranks are known. */
function negation(): Uint8Array {
  const dim = ["rows", "columns"].map((name) => ({
    value: { case: "dimParam" as const, value: name },
  }));
  const tensor = { elemType: DataType.FLOAT, shape: { dim } };
  const type = { value: { case: "tensorType" as const, value: tensor } };
  const graph = {
    name: "negation",
    input: [{ name: "x", type }],
    output: [{ name: "y", type }],
    node: [{ opType: "Neg", input: ["x"], output: ["y"] }],
  };
  const model = { irVersion: 8n, opsetImport: [{ version: 13n }], graph };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
}

const LINE = `<PMML version="4.4"><DataDictionary>
  <DataField name="age" optype="continuous" dataType="double"/>
  <DataField name="price" optype="continuous" dataType="double"/>
</DataDictionary><RegressionModel functionName="regression"><MiningSchema>
  <MiningField name="price" usageType="target"/><MiningField name="age"/>
</MiningSchema><RegressionTable intercept="2"><NumericPredictor name="age" coefficient="3"/>
</RegressionTable></RegressionModel></PMML>`;

const MLMODEL = `flavors:
  onnx: {data: model.onnx}
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]'
`;

describe("selvedge pack", () => {
  let folder: string;

  async function run(...args: string[]) {
    const [out, err]: [string[], string[]] = [[], []];
    const terminal = {
      out: (line: string) => out.push(line.trim().replace(/ +/g, " ")),
      err: (line: string) => err.push(line),
      progress: () => {},
    };
    const status = await runCli([...args, "--registry", join(folder, "registry")], terminal);
    return { status, out, err };
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "selvedge-cli-"));
    await mkdir(join(folder, "mlflow"));
    await writeFile(join(folder, "mlflow/MLmodel"), MLMODEL);
    await writeFile(join(folder, "mlflow/model.onnx"), negation());
    await mkdir(join(folder, "transformers/onnx"), { recursive: true });
    await writeFile(join(folder, "transformers/config.json"), "{}");
    for (const name of ["decoder", "encoder"])
      await writeFile(join(folder, `transformers/onnx/${name}.onnx`), negation());
    await writeFile(join(folder, "line.pmml"), LINE);
  });

  it.each<[model: string, more: string[], input: string, lines: string[]]>([
    ["mlflow", [], 'x: TensorOf<"float32", [number, number]>', ["input x: float32[any, 3]"]],
    [
      "transformers",
      ["--file", "onnx/encoder.onnx"],
      'x: TensorOf<"float32", [number, number]>',
      ["input x: float32[any, any]", "attachment config.json, 2 B"],
    ],
    [
      "line.pmml",
      [],
      'age: TensorOf<"float32", [number, number]>',
      ["input age: float32[any, 1]", "output y: float32[any, 1]"],
    ],
  ])(
    "packs %s, and the pack is inspected, verified and typed",
    async (model, more, input, lines) => {
      const packing = ["pack", join(folder, model), "--name", "m", "--version", "1.0.0", ...more];
      expect(await run(...packing)).toMatchObject({ status: 0, err: [] });
      const { out } = await run("inspect", "m@1.0.0");
      expect(out).toEqual(expect.arrayContaining(lines));
      expect(await run("verify", "m@1.0.0")).toMatchObject({ status: 0, err: [] });
      expect((await run("promote", "m@1.0.0", "--channel", "stable")).status).toBe(0);
      const types = join(folder, "models.d.ts");
      expect((await run("types", "--out", types)).status).toBe(0);
      expect(await readFile(types, "utf8")).toContain(input);
    },
  );

  it("lists what there is to choose from in one line, and writes nothing", async () => {
    const packing = ["pack", join(folder, "transformers"), "--name", "m", "--version", "1.0.0"];
    expect(await run(...packing)).toMatchObject({
      status: 2,
      err: [
        expect.stringMatching(/Choose one of onnx\/decoder\.onnx, onnx\/encoder\.onnx with --file/),
      ],
    });
    expect((await run("inspect", "m@1.0.0")).status).toBe(1);
  });
});
