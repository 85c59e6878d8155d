import {
  goldenCasesOf,
  runsOn,
  SelvedgeError,
  type TensorRef,
  type Variant,
} from "@selvedge/protocol";
import { sessionData } from "../named-tensor.ts";
import { BlobSource } from "../registry/blob-source.ts";
import type { WorkerTensor } from "../runtime/model-worker.ts";
import type { FittedPack } from "./fitted-packs.ts";
import type { ProfiledModel } from "./profile-session.ts";
import type { InputDims } from "./varied-inputs.ts";

/** Precisions are fitted for what WASM offers, which is none of WebGPU's features. */
const WASM = { backend: "wasm", features: [] };

/** A pack in one precision, to be read when its turn comes. */
export interface PackVariant {
  /** Name, version and precision, for people. */
  readonly title: string;
  readonly read: () => Promise<ProfiledModel>;
}

/**
 * What devices run of some packs in onnxruntime-web's WASM.
 *
 * @param dims by model: what devices have met
 */
export function packVariants(
  packs: readonly FittedPack[],
  dims: Readonly<Record<string, readonly InputDims[]>>,
): PackVariant[] {
  return packs.flatMap((pack) =>
    pack.manifest.variants
      .filter((variant) => variant.engine === "onnx" && runsOn(variant, WASM))
      .map((variant) => {
        const { name, version } = pack.manifest;
        const title = `${name}@${version} in ${variant.dtype}`;
        const known = Object.hasOwn(dims, name) ? (dims[name] ?? []) : [];
        return { title, read: () => readModel(pack, variant, { title, dims: known }) };
      }),
  );
}

async function readModel(
  { folder, manifest }: FittedPack,
  variant: Variant,
  { title, dims }: Pick<ProfiledModel, "title" | "dims">,
): Promise<ProfiledModel> {
  const source = await BlobSource.open(folder);
  const bytesOf = async (sha256: string): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await source.find(sha256);
    if (bytes !== undefined) return bytes;
    throw new SelvedgeError(
      "integrity",
      `The registry does not have ${sha256} of ${title} as it should be. Run "selvedge verify" on it.`,
    );
  };
  const weights: [string, Uint8Array<ArrayBuffer>][] = [];
  for (const { sha256 } of variant.tensors) weights.push([sha256, await bytesOf(sha256)]);
  const golden: WorkerTensor[][] = [];
  for (const { inputs } of goldenCasesOf(manifest, variant)) {
    const tensors: WorkerTensor[] = [];
    for (const ref of inputs) tensors.push(tensorOf(ref, await bytesOf(ref.sha256)));
    golden.push(tensors);
  }
  const graph = await bytesOf(variant.graph.sha256);
  const signature = manifest.signature.inputs;
  return { title, model: { graph, weights }, golden, signature, dims };
}

function tensorOf({ name, dtype, dims }: TensorRef, bytes: Uint8Array<ArrayBuffer>): WorkerTensor {
  return { name, dtype, dims, data: sessionData({ dtype, dims, bytes }) };
}
