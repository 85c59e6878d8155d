import { type ElementType, tensorBytes } from "./element-type.ts";
import type { BlobRef, Manifest, TensorRef } from "./manifest.ts";
import { pieceCount } from "./pieces.ts";

/** Lays blobs out one after another in a segment, each with a digest of its own. */
function layout() {
  let end = 0;
  let digests = 0;
  const digest = () => (++digests).toString(16).padStart(64, "0");
  const blob = (bytes: number): BlobRef => {
    const at = { segment: 0, offset: end, length: bytes };
    end += bytes;
    const pieces = pieceCount(bytes);
    const chunks = pieces > 1 ? { chunks: Array.from({ length: pieces }, digest) } : {};
    return { bytes, sha256: digest(), at, ...chunks };
  };
  const tensor = (name: string, dtype: ElementType, dims: readonly number[]): TensorRef => ({
    name,
    dtype,
    dims,
    ...blob(tensorBytes(dtype, dims) ?? 0),
  });
  return { blob, tensor, segments: () => [{ sha256: digest(), bytes: end }] };
}

/** A tensor of each variant. */
export interface Weight {
  readonly dtype: ElementType;
  readonly dims: readonly number[];
  /** Bytes of the delta it has. */
  readonly deltaBytes?: number;
}

const measured = {
  error: { snrDb: 17.7, maxDifference: 0.1 },
  metrics: { cer: 0.02, r2: -0.5 },
  kept: ["conv.w", "head.w"],
  tolerance: { wasm: { absolute: 0.15, relative: 0.01 } },
};

/** A valid manifest that has every field, of two variants with these weights each. */
export function manifestWith(weights: readonly Weight[]): Manifest {
  const { blob, tensor, segments } = layout();
  const image = {
    format: 1 as const,
    runtime: { version: "1.30.0", wasm: "3a53".repeat(16), glue: "91ce".repeat(16) },
    madeOn: { host: "node", architecture: "x86" },
    settings: {},
    bare: { ...blob(1_100_000), unpackedBytes: 3_000_000 },
    difference: { ...blob(300_000), unpackedBytes: 900_000 },
  };
  const variants = (["fp32", "q8"] as const).map((dtype) => ({
    dtype,
    engine: "onnx",
    backends: ["wasm", "webgpu"],
    requires: ["shader-f16"],
    memoryBytes: 20_000_000,
    graph: {
      ...blob(900),
      delta: { base: "9ab4".repeat(16), codec: "sub-zz-shuf+gzip" as const, ...blob(90) },
    },
    tensors: weights.map(({ dtype: type, dims, deltaBytes }, index) => {
      const ref = tensor(`w${index}`, type, dims);
      if (deltaBytes === undefined || deltaBytes >= ref.bytes) return ref;
      const base = "ba5e".repeat(16);
      return { ...ref, delta: { base, codec: "sub-zz-shuf+gzip" as const, ...blob(deltaBytes) } };
    }),
    ...(dtype === "fp32" ? { images: [image] } : measured),
  }));
  return {
    format: "selvedge.pack/1",
    name: "ocr-rec",
    version: "1.0.0",
    license: "Apache-2.0",
    provenance: {
      source: { file: "rec.onnx", bytes: 10_821_234, sha256: "ab".repeat(32) },
      tools: { "onnxruntime-web": "1.30.0" },
    },
    signature: {
      inputs: [{ name: "x", dtype: "float32", dims: [-1, 3, 48, -1] }],
      outputs: [{ name: "y", dtype: "float32", dims: [-1, -1, 6625] }],
    },
    golden: {
      tolerance: {
        wasm: { absolute: 0, relative: 1e-5 },
        webgpu: { absolute: 1e-4, relative: 0.01 },
      },
      cases: [
        {
          inputs: [tensor("x", "float32", [1, 3, 48, 16])],
          outputs: [{ ...tensor("y", "float32", [1, 2, 5]), scale: 0.5 }],
          dtypes: ["fp32"],
        },
      ],
      spread: { wasm: 2.5e-7, webgpu: 1e-5 },
    },
    attachments: [{ name: "labels.txt", ...blob(26_000) }],
    tests: {
      evaluation: {
        bytes: 4_000,
        sha256: "e7a1".repeat(16),
        cases: 60,
        metrics: [{ metric: "cer", max: 0.03 }, { metric: "r2", min: -1 }, { metric: "exact" }],
      },
      regression: { bytes: 200, sha256: "4e94".repeat(16), cases: 3 },
      vocabulary: { bytes: 26_000, sha256: "0cab".repeat(16) },
      output: "y",
    },
    variants,
    segments: segments(),
  };
}

export const example: Manifest = manifestWith([
  { dtype: "float32", dims: [600, 1000], deltaBytes: 1_400_000 },
  { dtype: "int64", dims: [] },
]);
