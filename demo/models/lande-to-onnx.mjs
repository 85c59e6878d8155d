/**
 * Writes the language identifier `lande` as an ONNX model. Its package holds the weights of a small
 * network in JavaScript: 620 n-gram frequencies, one hidden layer, the probabilities of 50 languages.
 */
import { createRequire } from "node:module";
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
    import(new URL(`file://${library}`).href),
  ]);

/**
 * The model: `ngrams` float32[n, 620] → `probabilities` float32[n, 50].
 *
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function landeOnnx() {
  /** @type {{ layers: { options?: { type?: string }, filters?: { w: Float32Array }[], biases?: { w: Float32Array } }[] }} */
  const { layers } = new NeuralNetwork(options);
  const types = options.layers.map((/** @type {{ type: string }} */ { type }) => type).join();
  if (types !== "input,dense,relu,dense,softmax")
    throw new Error(`lande has become another network (${types}): teach this script its layers.`);
  const [, hidden, , output] = layers;
  const inputs = hidden?.filters?.[0]?.w.length ?? 0;
  const weights = [...dense("hidden", hidden), ...dense("output", output)];
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 13n }],
    producerName: "selvedge demo",
    graph: {
      name: "lande",
      input: [value("ngrams", inputs)],
      output: [value("probabilities", languages.length)],
      initializer: weights,
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
 * @param {string} name
 * @param {{ filters?: { w: Float32Array }[], biases?: { w: Float32Array } } | undefined} layer
 */
function dense(name, layer) {
  const rows = (layer?.filters ?? []).map(({ w }) => w);
  const weights = Float32Array.from(rows.flatMap((row) => [...row]));
  const columns = weights.length / rows.length;
  return [
    tensor(`${name}_weights`, [rows.length, columns], weights),
    tensor(`${name}_biases`, [rows.length], Float32Array.from(layer?.biases?.w ?? [])),
  ];
}

/**
 * @param {string} name
 * @param {number[]} dims
 * @param {Float32Array<ArrayBuffer>} values
 */
function tensor(name, dims, values) {
  return create(TensorProtoSchema, {
    name,
    dataType: TensorProto_DataType.FLOAT,
    dims: dims.map(BigInt),
    rawData: new Uint8Array(values.buffer),
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
