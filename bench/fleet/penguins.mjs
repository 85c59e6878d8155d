import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { AttributeProto_AttributeType, ModelProtoSchema, TensorProto_DataType } from "onnx-buf";
import { inspect, pack, promote } from "../../packages/packer/dist/index.js";

const TABLE = new URL("../../packages/packer/src/reference/penguins.fixture.csv", import.meta.url);
const COLUMNS = ["beak_length_mm", "beak_depth_mm", "flipper_length_mm", "body_mass_g"];
const SPECIES = ["Adelie", "Chinstrap", "Gentoo"];

export const MODEL = "penguins";

/** The second version looks at all four measurements, the first only at two. */
export const VERSIONS = [
  { version: "1.0.0", sees: [0, 2] },
  { version: "1.1.0", sees: [0, 1, 2, 3] },
];

/** Penguins as they were measured: `values` by column, and the place of the species. */
export async function readPenguins() {
  const [, ...lines] = (await readFile(TABLE, "utf8")).trim().split("\n");
  return lines
    .map((line) => line.split(","))
    .map(([species, , ...cells]) => ({
      species: SPECIES.indexOf(species),
      values: cells
        .slice(0, COLUMNS.length)
        .map((cell) => (cell === "" ? Number.NaN : Number(cell))),
    }))
    .filter(({ values }) => !values.some(Number.isNaN));
}

/** Packs both versions with the table as their reference, and gives their manifests by version. */
export async function packPenguins(registry, scratch) {
  const penguins = await readPenguins();
  const [reference, labels] = ["reference.json", "labels.txt"].map((name) => join(scratch, name));
  const x = {
    type: "float32",
    dims: [penguins.length, COLUMNS.length],
    data: penguins.flatMap(({ values }) => values),
  };
  const file = { features: { x: COLUMNS }, cases: [{ inputs: { x } }] };
  await writeFile(reference, JSON.stringify(file));
  await writeFile(labels, `${SPECIES.join("\n")}\n`);
  const packed = new Map();
  for (const { version, sees } of VERSIONS) {
    const model = join(scratch, `${MODEL}-${version}.onnx`);
    await writeFile(model, onnxOf(classifierOf(penguins, sees)));
    const files = { reference, attachments: [labels] };
    await pack({ model, name: MODEL, version, registry, ...files, license: "CC0-1.0" });
    await promote({
      name: MODEL,
      version,
      channel: version === "1.0.0" ? "stable" : "beta",
      registry,
    });
    packed.set(version, await inspect({ name: MODEL, version, registry }));
  }
  return packed;
}

/** Says which species is likely: as the packed model does, which is asked so often here. */
export function answersOf(penguins, sees) {
  const { weights, biases } = classifierOf(penguins, sees);
  return (values) => {
    const scores = biases.map((bias, species) =>
      values.reduce((sum, value, i) => sum + value * weights[i][species], bias),
    );
    const most = Math.max(...scores);
    const odds = scores.map((score) => Math.exp(score - most));
    const all = odds.reduce((sum, one) => sum + one, 0);
    return odds.map((one) => one / all);
  };
}

/** By how near a penguin is to the mean of each species, in standard deviations. */
function classifierOf(penguins, sees) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const columns = COLUMNS.map((_, i) => penguins.map(({ values }) => values[i]));
  const ofSpecies = SPECIES.map((_, species) =>
    COLUMNS.map((_, i) =>
      mean(penguins.filter((one) => one.species === species).map(({ values }) => values[i])),
    ),
  );
  const variances = columns.map((values) => {
    const middle = mean(values);
    return mean(values.map((value) => (value - middle) ** 2)) / 4;
  });
  const weights = COLUMNS.map((_, i) =>
    SPECIES.map((_, species) => (sees.includes(i) ? ofSpecies[species][i] / variances[i] : 0)),
  );
  const biases = SPECIES.map(
    (_, species) =>
      -sees.reduce((sum, i) => sum + ofSpecies[species][i] ** 2 / (2 * variances[i]), 0),
  );
  return { weights, biases };
}

/** `x` float32[n, 4] → `probabilities` float32[n, 3]. */
function onnxOf({ weights, biases }) {
  const axis = { name: "axis", type: AttributeProto_AttributeType.INT, i: -1n };
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ version: 13n }],
      producerName: "selvedge bench",
      graph: {
        name: MODEL,
        input: [typedAs("x", COLUMNS.length)],
        output: [typedAs("probabilities", SPECIES.length)],
        initializer: [
          tensorOf("weights", [COLUMNS.length, SPECIES.length], weights.flat()),
          tensorOf("biases", [SPECIES.length], biases),
        ],
        node: [
          { opType: "Gemm", input: ["x", "weights", "biases"], output: ["scores"] },
          { opType: "Softmax", input: ["scores"], output: ["probabilities"], attribute: [axis] },
        ],
      },
    }),
  );
}

function tensorOf(name, dims, values) {
  const rawData = new Uint8Array(Float32Array.from(values).buffer);
  return { name, dataType: TensorProto_DataType.FLOAT, dims: dims.map(BigInt), rawData };
}

function typedAs(name, width) {
  const dim = [
    { value: { case: "dimParam", value: "batch" } },
    { value: { case: "dimValue", value: BigInt(width) } },
  ];
  const elemType = TensorProto_DataType.FLOAT;
  return { name, type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } } };
}
