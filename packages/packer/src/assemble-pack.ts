import {
  MANIFEST_FORMAT,
  type Manifest,
  type Provenance,
  parseManifest,
  SelvedgeError,
  sha256,
  type TensorRef,
} from "@selvedge/protocol";
import type { Golden } from "./golden.ts";
import type { NamedTensor } from "./named-tensor.ts";
import { runtimeVersion } from "./onnx-runtime.ts";
import { packerVersion } from "./packer-version.ts";
import { SegmentBuilder } from "./segment-builder.ts";
import { observedSignature } from "./signature.ts";
import type { SplitModel } from "./split-model.ts";
import { tolerances } from "./tolerance.ts";

/** A manifest larger than this is refused: no device should have to hold it. */
const MANIFEST_LIMIT = 1024 * 1024;

/** A file that travels with a model. */
export interface Attachment {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a pack is made of. */
export interface PackParts {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Which tools made the pack is added. */
  readonly provenance: Omit<Provenance, "tools">;
  readonly split: SplitModel;
  readonly attachments: readonly Attachment[];
  readonly golden: readonly Golden[];
}

/** A pack as it will stand in a registry. */
export interface AssembledPack {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the manifest: the pack's id. */
  readonly digest: string;
  readonly segment: { readonly bytes: Uint8Array<ArrayBuffer>; readonly sha256: string };
}

/**
 * Puts a pack together. Holds nothing but what it is given: no time, no path, no machine.
 *
 * @throws SelvedgeError `model-unsupported` when the manifest would be too large.
 */
export async function assemblePack(parts: PackParts): Promise<AssembledPack> {
  const { name, version, license, split, golden } = parts;
  // Graph and weights come first: a host without ranges, or a download cut short, serves these soonest.
  const segment = new SegmentBuilder();
  const graph = await segment.add(split.graph);
  const tensors = await addTensors(segment, split.tensors);
  const attachments: Manifest["attachments"][number][] = [];
  for (const attachment of parts.attachments)
    attachments.push({ name: attachment.name, ...(await segment.add(attachment.bytes)) });
  const cases: Manifest["golden"]["cases"][number][] = [];
  for (const { inputs, outputs } of golden)
    cases.push({
      inputs: await addTensors(segment, inputs),
      outputs: await addTensors(segment, outputs),
    });
  const { bytes, sha256: segmentDigest } = await segment.finish();

  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    name,
    version,
    license,
    provenance: {
      ...parts.provenance,
      tools: {
        "@selvedge/packer": await packerVersion(),
        "onnxruntime-web": await runtimeVersion(),
      },
    },
    signature: observedSignature(split.declared, golden),
    segments: [{ sha256: segmentDigest, bytes: bytes.length }],
    golden: { tolerance: tolerances(golden.flatMap(({ outputs }) => outputs)), cases },
    attachments,
    variants: [
      {
        dtype: "fp32",
        engine: "onnx",
        backends: ["wasm", "webgpu"],
        requires: [],
        memoryBytes: memoryEstimate(split),
        graph,
        tensors,
      },
    ],
  };
  const text = JSON.stringify(manifest);
  const manifestBytes = new TextEncoder().encode(text);
  if (manifestBytes.length > MANIFEST_LIMIT)
    throw new SelvedgeError(
      "model-unsupported",
      `The manifest of ${name}@${version} would take ${manifestBytes.length} bytes, and ${MANIFEST_LIMIT} is the limit: the model has ${tensors.length} large tensors. Export it with fewer, larger ones.`,
    );
  return {
    manifest: parseManifest(text, `manifest of ${name}@${version}`),
    manifestBytes,
    digest: await sha256(manifestBytes),
    segment: { bytes, sha256: segmentDigest },
  };
}

async function addTensors(
  segment: SegmentBuilder,
  tensors: readonly NamedTensor[],
): Promise<TensorRef[]> {
  const refs: TensorRef[] = [];
  for (const { name, dtype, dims, bytes } of tensors)
    refs.push({ name, dtype, dims, ...(await segment.add(bytes)) });
  return refs;
}

/** Weights once as they are and once packed for the kernels; the graph decoded and optimized. */
function memoryEstimate({ graph, tensors }: SplitModel): number {
  const weights = tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return 2 * weights + 4 * graph.length;
}
