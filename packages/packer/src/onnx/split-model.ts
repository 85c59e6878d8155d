import { clearField, create, toBinary } from "@bufbuild/protobuf";
import { SelvedgeError, sha256 } from "@selvedge/protocol";
import {
  TensorProto_DataLocation as DataLocation,
  type ModelProto,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "onnx-buf";
import type { NamedTensor } from "../named-tensor.ts";
import { type FileRange, readRange } from "../registry/file-range.ts";
import { dropDocumentation } from "./drop-documentation.ts";
import { hoistConstants } from "./hoist-constants.ts";
import { liftInitializers } from "./lift-initializers.ts";
import { bringIn } from "./load-external-data.ts";
import { elementType } from "./onnx-element-type.ts";
import { refuseRepeatedNames } from "./refuse-repeated-names.ts";
import { settleInitializers } from "./settle-initializers.ts";
import { type DeclaredSignature, declaredSignature } from "./signature.ts";
import { dimsOf, isExternalizable, rawContent } from "./tensor-content.ts";

/** A tensor beside its model. */
export interface SplitTensor extends NamedTensor {
  readonly sha256: string;
  /** Where its bytes come from each time they are asked for; absent where they are in memory. */
  readonly range?: FileRange;
}

/** A model, its larger tensors beside it. */
export interface SplitModel {
  readonly graph: Uint8Array<ArrayBuffer>;
  /** In graph order. The graph refers to each by the SHA-256 of its bytes. */
  readonly tensors: readonly SplitTensor[];
  readonly declared: DeclaredSignature;
}

/**
 * Takes a model's weights out of it. Changes the model it is given.
 *
 * @param ranges tensors of it that are still in files
 * @throws SelvedgeError `model-invalid` or `model-unsupported`.
 */
export async function splitModel(
  model: ModelProto,
  ranges: ReadonlyMap<TensorProto, FileRange> = new Map(),
): Promise<SplitModel> {
  const { graph } = model;
  if (graph === undefined) throw new SelvedgeError("model-invalid", "The model holds no graph.");
  hoistConstants(graph);
  settleInitializers(model, graph);
  refuseRepeatedNames(graph);
  liftInitializers(graph);
  dropDocumentation(model);
  const tensors: SplitTensor[] = [];
  const inside = new Map(ranges);
  for (const tensor of graph.initializer) {
    const dtype = elementType(tensor.dataType);
    if (dtype === undefined || !isExternalizable(tensor)) continue;
    const range = inside.get(tensor);
    const bytes = range === undefined ? rawContent(tensor) : readRange(range);
    const digest = await sha256(bytes);
    const split = { name: tensor.name, dtype, dims: dimsOf(tensor), sha256: digest };
    tensors.push(range === undefined ? { ...split, bytes } : readWhenAsked(split, range));
    pointOutside(tensor, digest, bytes.length);
    inside.delete(tensor);
  }
  // What cannot be beside the graph has to be in it, such as a tensor that a body returns.
  for (const [tensor, range] of inside) bringIn(tensor, range);
  return {
    graph: toBinary(ModelProtoSchema, model),
    tensors,
    declared: declaredSignature(graph),
  };
}

function readWhenAsked(
  tensor: Omit<SplitTensor, "bytes" | "range">,
  range: FileRange,
): SplitTensor {
  return {
    ...tensor,
    range,
    get bytes() {
      return readRange(range);
    },
  };
}

function pointOutside(tensor: TensorProto, location: string, length: number): void {
  const { rawData, floatData, doubleData, int32Data, int64Data, uint64Data } =
    TensorProtoSchema.field;
  for (const field of [rawData, floatData, doubleData, int32Data, int64Data, uint64Data])
    clearField(tensor, field);
  tensor.dataLocation = DataLocation.EXTERNAL;
  const entries = { location, offset: "0", length: String(length) };
  tensor.externalData = Object.entries(entries).map(([key, value]) =>
    create(StringStringEntryProtoSchema, { key, value }),
  );
}
