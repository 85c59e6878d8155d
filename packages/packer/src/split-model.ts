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
import { dropDocumentation } from "./drop-documentation.ts";
import { hoistConstants } from "./hoist-constants.ts";
import { liftInitializers } from "./lift-initializers.ts";
import type { NamedTensor } from "./named-tensor.ts";
import { elementType } from "./onnx-element-type.ts";
import { refuseRepeatedNames } from "./refuse-repeated-names.ts";
import { settleInitializers } from "./settle-initializers.ts";
import { type DeclaredSignature, declaredSignature } from "./signature.ts";
import { dimsOf, isExternalizable, rawContent } from "./tensor-content.ts";

/** A model, its larger tensors beside it. */
export interface SplitModel {
  readonly graph: Uint8Array<ArrayBuffer>;
  /** In graph order. The graph refers to each by the SHA-256 of its bytes. */
  readonly tensors: readonly (NamedTensor & { readonly sha256: string })[];
  readonly declared: DeclaredSignature;
}

/**
 * Takes a model's weights out of it. Changes the model it is given.
 *
 * @throws SelvedgeError `model-invalid` or `model-unsupported`.
 */
export async function splitModel(model: ModelProto): Promise<SplitModel> {
  const { graph } = model;
  if (graph === undefined) throw new SelvedgeError("model-invalid", "The model holds no graph.");
  hoistConstants(graph);
  settleInitializers(model, graph);
  refuseRepeatedNames(graph);
  liftInitializers(graph);
  dropDocumentation(model);
  const tensors: SplitModel["tensors"][number][] = [];
  for (const tensor of graph.initializer) {
    const dtype = elementType(tensor.dataType);
    if (dtype === undefined || !isExternalizable(tensor)) continue;
    const bytes = rawContent(tensor);
    const digest = await sha256(bytes);
    tensors.push({ name: tensor.name, dtype, dims: dimsOf(tensor), bytes, sha256: digest });
    pointOutside(tensor, digest, bytes.length);
  }
  return {
    graph: toBinary(ModelProtoSchema, model),
    tensors,
    declared: declaredSignature(graph),
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
