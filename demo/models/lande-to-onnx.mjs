/**
 * Writes the language identifier `lande` as an ONNX model. Its package holds the weights of a small
 * network in JavaScript: 620 n-gram frequencies, one hidden layer, the probabilities of 50 languages.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";

// The package exports its answer only; its parts lie beside that file. The decoder of its weights is
// in the library it was trained with, which is its dependency rather than ours.
const entry = import.meta.resolve("lande");
const library = createRequire(entry).resolve("toygrad");
const [{ default: options }, { default: languages }, { default: ngrams }, { NeuralNetwork }] =
  await Promise.all([
    import(new URL("t50-options.js", entry).href),
    import(new URL("t50-langs.js", entry).href),
    import(new URL("t50-ngrams.js", entry).href),
    import(pathToFileURL(library).href),
  ]);

/** @typedef {{ rows: number[][], biases: number[] }} Dense a layer: a row of weights for each output */

/**
 * The model: `ngrams` float32[n, 620] → `probabilities` float32[n, 50].
 *
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function landeOnnx() {
  const types = options.layers.map((/** @type {{ type: string }} */ { type }) => type).join();
  if (types !== "input,dense,relu,dense,softmax")
    throw new Error(`lande has become another network (${types}): teach this script its layers.`);
  const [, hidden, , output] = new NeuralNetwork(options).layers.map(dense);
  const inputs = hidden?.rows[0]?.length ?? 0;
  const initializer = [...parameters("hidden", hidden), ...parameters("output", centred(output))];
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 13n }],
    producerName: "selvedge demo",
    graph: {
      name: "lande",
      input: [value("ngrams", inputs)],
      output: [value("probabilities", languages.length)],
      initializer,
      node: [
        gemm("ngrams", "hidden", "hidden_sums"),
        create(NodeProtoSchema, { opType: "Relu", input: ["hidden_sums"], output: ["hidden"] }),
        gemm("hidden", "output", "scores"),
        create(NodeProtoSchema, {
          opType: "Softmax",
          input: ["scores"],
          output: ["probabilities"],
        }),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/**
 * The files that travel with the model: the languages in the order of its answers, and the n-grams in
 * the order of its inputs.
 *
 * @returns {Readonly<Record<"languages.json" | "ngrams.json", string>>}
 */
export function landeAttachments() {
  const { unigrams, bigrams, trigrams, quadgrams } = ngrams;
  return {
    "languages.json": JSON.stringify(languages),
    "ngrams.json": JSON.stringify({ unigrams, bigrams, trigrams, quadgrams }),
  };
}

/**
 * A layer as numbers. Layers without weights come out empty.
 *
 * @param {{ filters?: { w: Float32Array }[], biases?: { w: Float32Array } }} layer
 * @returns {Dense}
 */
function dense({ filters = [], biases }) {
  return { rows: filters.map(({ w }) => [...w]), biases: [...(biases?.w ?? [])] };
}

/**
 * @param {string} name
 * @param {Dense} layer
 */
function parameters(name, { rows, biases }) {
  return [
    tensor(`${name}_weights`, [rows.length, rows[0]?.length ?? 0], rows.flat()),
    tensor(`${name}_biases`, [rows.length], biases),
  ];
}

/**
 * The same layer, for a softmax: it does not see what is added to all scores alike. lande's lie near
 * −900, where float32 is off by 6e-5; without what they share they lie near 0.
 *
 * @param {Dense} layer
 * @returns {Dense}
 */
function centred({ rows, biases }) {
  const mean = (/** @type {number[]} */ values) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const shared = (rows[0] ?? []).map((_, column) => mean(rows.map((row) => row[column] ?? 0)));
  const sharedBias = mean(biases);
  return {
    rows: rows.map((row) => row.map((weight, column) => weight - (shared[column] ?? 0))),
    biases: biases.map((bias) => bias - sharedBias),
  };
}

/**
 * @param {string} name
 * @param {number[]} dims
 * @param {number[]} values
 */
function tensor(name, dims, values) {
  return create(TensorProtoSchema, {
    name,
    dataType: TensorProto_DataType.FLOAT,
    dims: dims.map(BigInt),
    rawData: new Uint8Array(Float32Array.from(values).buffer),
  });
}

/**
 * @param {string} input
 * @param {string} layer
 * @param {string} output
 */
function gemm(input, layer, output) {
  const transB = create(AttributeProtoSchema, {
    name: "transB",
    type: AttributeProto_AttributeType.INT,
    i: 1n,
  });
  return create(NodeProtoSchema, {
    opType: "Gemm",
    input: [input, `${layer}_weights`, `${layer}_biases`],
    output: [output],
    attribute: [transB],
  });
}

/**
 * @param {string} name
 * @param {number} width
 */
function value(name, width) {
  const dim = [
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimParam", value: "batch" } }),
    create(TensorShapeProto_DimensionSchema, {
      value: { case: "dimValue", value: BigInt(width) },
    }),
  ];
  const elemType = TensorProto_DataType.FLOAT;
  const type = {
    value: { case: /** @type {const} */ ("tensorType"), value: { elemType, shape: { dim } } },
  };
  return create(ValueInfoProtoSchema, { name, type });
}
