import { TensorProto_DataType as DataType, type NodeProto } from "onnx-buf";
import { integerAttribute, integerOf, makeNode } from "../onnx/onnx-node.ts";
import type { Quantizer, Replacement } from "./quantizer.ts";

/** From this many elements on a table counts as an embedding. */
const LARGE_TABLE = 65_536;

/**
 * Rows taken from an embedding: the table in int8 with a scale for each row. Rows and their scales are
 * gathered first and multiplied then, so that the table is never expanded as a whole.
 *
 * @returns `undefined` for other nodes
 */
export function gatheredRows(quantizer: Quantizer, node: NodeProto): Replacement | undefined {
  const [tableName, indices] = node.input;
  const [y] = node.output;
  if (node.opType !== "Gather" || y === undefined || indices === undefined) return undefined;
  const table = quantizer.weight(tableName);
  if (table === undefined || table.values.length < LARGE_TABLE) return undefined;
  const { name, dims } = table;
  if (dims.length < 2 || integerOf(node, "axis", 0) !== 0) return undefined;
  const { quantized, scales } = quantizer.channels(table, 0);
  const rows = quantizer.share(`table ${name}`, () => ({
    name: `${name}/rows`,
    type: DataType.INT8,
    dims,
    data: quantized,
  }));
  const rowScales = quantizer.share(`table scales ${name}`, () => ({
    name: `${name}/s`,
    type: DataType.FLOAT,
    dims: dims.map((size, axis) => (axis === 0 ? size : 1)),
    data: scales,
  }));
  const [taken, float, scale] = [
    quantizer.fresh(`${y}/i`),
    quantizer.fresh(`${y}/f`),
    quantizer.fresh(`${y}/s`),
  ];
  const toFloat = [integerAttribute("to", DataType.FLOAT)];
  return [
    makeNode({ op: "Gather", inputs: [rows, indices], outputs: [taken] }),
    makeNode({ op: "Cast", inputs: [taken], outputs: [float], attributes: toFloat }),
    makeNode({ op: "Gather", inputs: [rowScales, indices], outputs: [scale] }),
    makeNode({ op: "Mul", inputs: [float, scale], outputs: [y] }),
  ];
}
