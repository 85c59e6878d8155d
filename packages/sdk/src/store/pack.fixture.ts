import {
  type BlobRef,
  DELTA_CODEC,
  type Dtype,
  MANIFEST_FORMAT,
  type Manifest,
  makeTensorDelta,
  PIECE_BYTES,
  pieceCount,
  pieceRange,
  sha256,
  type TensorRef,
} from "@selvedge/protocol";

/** What a pack for a test is made of; everything has a default. */
export interface PackContent {
  readonly name?: string;
  readonly version?: string;
  readonly dtypes?: readonly Dtype[];
  readonly engine?: string;
  /** What a runtime is to read; without it there is a text that none reads. */
  readonly graph?: Uint8Array;
  /** A uint8 tensor each. */
  readonly tensors?: readonly Uint8Array[];
  readonly attachments?: Readonly<Record<string, Uint8Array>>;
  /** Values of `x` and `y` in the one golden case; without it there is none. */
  readonly golden?: readonly [input: Uint8Array, answer: Uint8Array];
  readonly signature?: Manifest["signature"];
  readonly backends?: readonly string[];
  /** What each tensor has a delta from, where they are as long and not the same. */
  readonly bases?: readonly Uint8Array[];
  /** Makes the bytes of a delta into others. */
  readonly spoil?: (delta: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** A pack as a packer would have written it, with the bytes of its one segment. */
export interface BuiltPack {
  readonly manifest: Manifest;
  readonly text: string;
  readonly digest: string;
  readonly segment: Uint8Array<ArrayBuffer>;
}

/** Builds a pack out of real bytes: every digest in it holds. */
export async function buildPack({
  name = "tiny",
  version = "1.0.0",
  dtypes = ["fp32"],
  engine = "onnx",
  graph,
  tensors = [noise(PIECE_BYTES * 2 + 1000, 1), noise(5000, 2)],
  attachments = {},
  golden,
  signature,
  backends = ["wasm"],
  bases = [],
  spoil = (delta) => delta,
}: PackContent = {}): Promise<BuiltPack> {
  const parts: Uint8Array[] = [];
  let end = 0;
  const blob = async (bytes: Uint8Array): Promise<BlobRef> => {
    const at = { segment: 0, offset: end, length: bytes.byteLength };
    parts.push(bytes);
    end += bytes.byteLength;
    const whole = { bytes: bytes.byteLength, sha256: await sha256(bytes), at };
    if (pieceCount(bytes.byteLength) === 1) return whole;
    const chunks = Array.from({ length: pieceCount(bytes.byteLength) }, (_, index) => {
      const { start, end: until } = pieceRange(bytes.byteLength, index);
      return sha256(bytes.subarray(start, until));
    });
    return { ...whole, chunks: await Promise.all(chunks) };
  };
  const deltaOf = async (bytes: Uint8Array, index: number): Promise<Pick<TensorRef, "delta">> => {
    const base = bases[index];
    const from = base && (await sha256(base));
    if (from === undefined || base?.length !== bytes.length || from === (await sha256(bytes)))
      return {};
    const delta = await spoil(await gzip(makeTensorDelta("uint8", base, bytes)));
    return { delta: { base: from, codec: DELTA_CODEC, ...(await blob(delta)) } };
  };
  const variants: Manifest["variants"][number][] = [];
  for (const dtype of dtypes)
    variants.push({
      dtype,
      engine,
      backends,
      requires: [],
      memoryBytes: 0,
      graph: await blob(
        graph ?? new TextEncoder().encode(`graph of ${name}@${version} as ${dtype}`),
      ),
      tensors: await inOrder(tensors, async (bytes, index) => ({
        name: `w${index}`,
        dtype: "uint8" as const,
        dims: [bytes.byteLength],
        ...(await blob(bytes)),
      })),
    });
  // Deltas come last, as in a segment of their own.
  for (const [index, variant] of variants.entries())
    variants[index] = {
      ...variant,
      tensors: await inOrder(variant.tensors, async (tensor, i) => ({
        ...tensor,
        ...(await deltaOf(tensors[i] ?? new Uint8Array(), i)),
      })),
    };
  const files = await inOrder(Object.entries(attachments), async ([file, bytes]) => ({
    name: file,
    ...(await blob(bytes)),
  }));
  const [inputs = [], outputs = []] = await inOrder(golden ?? [], async (bytes, i) => [
    {
      name: ["x", "y"][i] ?? "",
      dtype: "uint8" as const,
      dims: [bytes.byteLength],
      ...(await blob(bytes)),
    },
  ]);
  const segment = new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
  const manifest: Manifest = {
    format: MANIFEST_FORMAT,
    name,
    version,
    license: "Apache-2.0",
    provenance: { source: { file: "tiny.onnx", bytes: 1, sha256: "ab".repeat(32) }, tools: {} },
    signature: signature ?? { inputs: inputs.map(declared), outputs: outputs.map(declared) },
    segments: [{ sha256: await sha256(segment), bytes: segment.byteLength }],
    golden: {
      tolerance: outputs.length === 0 ? {} : { wasm: { absolute: 0, relative: 0 } },
      cases: outputs.length === 0 ? [] : [{ inputs, outputs }],
    },
    attachments: files,
    variants,
  };
  const text = JSON.stringify(manifest);
  return { manifest, text, digest: await sha256(new TextEncoder().encode(text)), segment };
}

function declared({ name, dtype, dims }: TensorRef): Manifest["signature"]["inputs"][number] {
  return { name, dtype, dims };
}

/** The variant that a pack has first. */
export function firstVariant({ variants: [first] }: Manifest): Manifest["variants"][number] {
  if (first === undefined) throw new Error("the pack has no variant");
  return first;
}

/** Bytes that look like weights: the same for the same seed, and unlike for another. */
export function noise(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed * 2654435761 + 1;
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** What gzip makes of some bytes. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

async function inOrder<T, R>(
  items: readonly T[],
  make: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const made: R[] = [];
  for (const [index, item] of items.entries()) made.push(await make(item, index));
  return made;
}
