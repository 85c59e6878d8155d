import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { TensorProto_DataType as DataType, ModelProtoSchema } from "onnx-buf";

/**
 * An ONNX file whose float weights moved as fine-tuning would move them: each tensor by Gaussian
 * noise, the same every time, of a share of its own deviation.
 */
export function fineTuned(onnx, share = 1e-3) {
  const model = fromBinary(ModelProtoSchema, onnx);
  const gaussian = seededGaussian();
  for (const tensor of floatTensors(model)) {
    const weights = weightsOf(tensor);
    const step = share * deviationOf(weights);
    setWeights(
      tensor,
      weights.map((weight) => weight + step * gaussian()),
    );
  }
  return toBinary(ModelProtoSchema, model);
}

/**
 * An ONNX file whose classes come in another order: a trained head, all of whose bytes are others.
 * The head is the last matrix, and what is added to its product.
 */
export function withNewHead(onnx) {
  const model = fromBinary(ModelProtoSchema, onnx);
  for (const tensor of headOf(model)) {
    const weights = weightsOf(tensor);
    const classes = Number(tensor.dims.at(-1));
    for (let start = 0; start < weights.length; start += classes)
      weights.subarray(start, start + classes).reverse();
    setWeights(tensor, weights);
  }
  return toBinary(ModelProtoSchema, model);
}

/** The names of the tensors that `withNewHead` replaces. */
export function headNames(onnx) {
  return headOf(fromBinary(ModelProtoSchema, onnx)).map(({ name }) => name);
}

/** An ONNX file that says something else about itself, so that all that follows lies elsewhere. */
export function withOtherMetadata(onnx) {
  const model = fromBinary(ModelProtoSchema, onnx);
  model.producerVersion = `${model.producerVersion}, edited`;
  model.docString = "Retold.";
  return toBinary(ModelProtoSchema, model);
}

function headOf(model) {
  const { node: nodes } = model.graph;
  const product = nodes.findLast(({ opType }) => opType === "MatMul");
  const sum = nodes.find(({ input }) => input.includes(product.output[0]));
  const names = [...product.input, ...sum.input];
  return floatTensors(model).filter(({ name }) => names.includes(name));
}

/** Initializers, and what `Constant` nodes hold, under the names the graph knows them by. */
function floatTensors({ graph }) {
  const constants = graph.node
    .filter(({ opType }) => opType === "Constant")
    .flatMap(({ attribute, output }) => attribute.flatMap(({ t }) => (t ? [{ t, output }] : [])));
  for (const { t, output } of constants) t.name ||= output[0];
  return [...graph.initializer, ...constants.map(({ t }) => t)].filter(
    ({ dataType, rawData }) => dataType === DataType.FLOAT && rawData.length > 0,
  );
}

function weightsOf({ rawData }) {
  return new Float32Array(new Uint8Array(rawData).buffer);
}

function setWeights(tensor, weights) {
  tensor.rawData = new Uint8Array(weights.buffer);
}

function deviationOf(weights) {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const squares = weights.reduce((sum, weight) => sum + (weight - mean) ** 2, 0);
  return Math.sqrt(squares / weights.length);
}

/** Box and Muller's method over a linear congruential generator. */
function seededGaussian() {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}
