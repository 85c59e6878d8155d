import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { clearField, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, TensorProto_DataLocation, TensorProtoSchema } from "onnx-buf";

/**
 * One variant of a pack as one ONNX file with its weights inside, for runtimes that know nothing of
 * packs: the same graph and the same numbers.
 */
export async function plainOnnx({ registry, manifest, variant }) {
  const contentOf = async ({ at }) => {
    const { sha256 } = manifest.segments[at.segment];
    const segment = await readFile(join(registry, manifest.name, "segments", `${sha256}.bin`));
    return segment.subarray(at.offset, at.offset + at.length);
  };
  const model = fromBinary(ModelProtoSchema, await contentOf(variant.graph));
  const places = new Map(variant.tensors.map((tensor) => [tensor.sha256, tensor]));
  for (const tensor of model.graph.initializer) {
    if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
    const location = tensor.externalData.find(({ key }) => key === "location")?.value;
    const place = places.get(location);
    if (place === undefined)
      throw new Error(`${tensor.name} lies in ${location}, which is no tensor`);
    tensor.rawData = new Uint8Array(await contentOf(place));
    tensor.externalData = [];
    clearField(tensor, TensorProtoSchema.field.dataLocation);
  }
  return toBinary(ModelProtoSchema, model);
}
