import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { landeOnnx } from "../../demo/models/lande-to-onnx.mjs";

/**
 * lande as TensorFlow.js loads a layers model: the same layers, the same weights.
 *
 * @returns {Record<"model.json" | "weights.bin", string | Uint8Array>} files of one folder
 */
export function landeTwin() {
  const { graph } = fromBinary(ModelProtoSchema, landeOnnx());
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const [hidden, output] = ["hidden", "output"].map((name) => ({
    name,
    kernel: transposed(tensors.get(`${name}_weights`)),
    biases: numbersOf(tensors.get(`${name}_biases`)),
  }));
  const layers = [
    {
      class_name: "InputLayer",
      config: { name: "ngrams", batch_input_shape: [null, hidden.kernel.inputs], dtype: "float32" },
    },
    dense(hidden, "relu"),
    dense(output, "softmax"),
  ];
  const weights = [hidden, output].flatMap(({ name, kernel, biases }) => [
    {
      name: `${name}/kernel`,
      shape: [kernel.inputs, biases.length],
      dtype: "float32",
      values: kernel.values,
    },
    { name: `${name}/bias`, shape: [biases.length], dtype: "float32", values: biases },
  ]);
  const model = {
    format: "layers-model",
    modelTopology: { class_name: "Sequential", config: { name: "lande", layers } },
    weightsManifest: [
      { paths: ["weights.bin"], weights: weights.map(({ values: _, ...spec }) => spec) },
    ],
  };
  const bytes = Buffer.concat(weights.map(({ values }) => Buffer.from(values.buffer)));
  return { "model.json": JSON.stringify(model), "weights.bin": bytes };
}

function dense({ name, biases }, activation) {
  return {
    class_name: "Dense",
    config: { name, units: biases.length, activation, use_bias: true, dtype: "float32" },
  };
}

/** ONNX has a row of weights for each output here, TensorFlow.js one for each input. */
function transposed(tensor) {
  const [outputs, inputs] = tensor.dims.map(Number);
  const rows = numbersOf(tensor);
  const values = new Float32Array(rows.length);
  for (let output = 0; output < outputs; output++)
    for (let input = 0; input < inputs; input++)
      values[input * outputs + output] = rows[output * inputs + input];
  return { inputs, values };
}

function numbersOf({ rawData }) {
  return new Float32Array(rawData.slice().buffer);
}
