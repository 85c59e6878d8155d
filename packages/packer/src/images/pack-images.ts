import { architecture, type BareImage, SelvedgeError } from "@selvedge/protocol";
import type { Golden } from "../golden/golden.ts";
import { messageOf } from "../message-of.ts";
import { type PackedVariant, storedBytes } from "../quantize/make-variant.ts";
import { currentRuntime } from "../runtime/with-runtime.ts";
import { checkWoken } from "./check-woken.ts";
import { type ImageRuntime, openImageRuntime } from "./image-runtime.ts";
import {
  type PackedFile,
  type PackedImage,
  packBareImage,
  packDifference,
} from "./packed-image.ts";
import { writeBareImage, writeImage } from "./write-image.ts";

/**
 * When a session is written down for first visits: `auto` where that is less to download than runtime
 * and model, `always` wherever it can be done.
 */
export const IMAGE_CHOICES = ["auto", "always", "never"] as const;
export type ImageChoice = (typeof IMAGE_CHOICES)[number];

/**
 * What the wasm that only runs takes by gzip, for a registry of three models with many kinds of
 * operators between them. Which it will be is decided where a registry is deployed, by `selvedge assets
 * --fit`, for all of its models at once.
 */
const RUN_ONLY_BYTES = 255_000;

/**
 * The images of larger models are larger than the models, and no download is saved; and what is asked for
 * `always` has to be something that a device has room to unpack.
 */
const LARGEST_MODEL_BYTES = { auto: 32 * 2 ** 20, always: 128 * 2 ** 20, never: 0 };

/** Where images were tested, and on which devices they wake. */
const TESTED = "x86";

/** Where images are made, and what all of them start from. */
interface Workshop {
  readonly runtime: ImageRuntime;
  readonly bare: BareImage;
  readonly bareFile: PackedFile;
}

/**
 * Writes down a session of each variant that runs on WASM in onnxruntime, and wakes each to see that it
 * answers as it should.
 *
 * @throws SelvedgeError `model-unsupported` where that was asked for `always`, and cannot be done.
 */
export async function packImages(
  variants: readonly PackedVariant[],
  {
    images,
    golden,
    isSigned,
  }: {
    readonly images: ImageChoice;
    readonly golden: readonly Golden[];
    readonly isSigned: boolean;
  },
): Promise<{ variants: readonly PackedVariant[]; warnings: string[] }> {
  if (images === "never") return { variants, warnings: [] };
  const warnings: string[] = [];
  let workshop: Workshop | undefined;
  const packed: PackedVariant[] = [];
  for (const variant of variants) {
    try {
      const cannot = obstacle(variant, images);
      if (cannot !== undefined) throw new Error(cannot);
      workshop ??= await openWorkshop();
      const { image, bytes } = await packImage(workshop, variant, golden);
      if (images === "auto") requireLess(bytes, workshop, variant);
      packed.push({ ...variant, images: [image] });
    } catch (error) {
      currentRuntime()?.signal?.throwIfAborted();
      const what = `No image of ${variant.dtype}: ${messageOf(error)}.`;
      // What no image can be made of at all is no reason to refuse the other variants theirs.
      if (images === "always" && runsInOnnx(variant)) throw refusal(what, error);
      warnings.push(what);
      packed.push(variant);
    }
  }
  if (!isSigned && packed.some((variant) => variant.images !== undefined))
    warnings.push(
      "An image is of use only where the pack is signed. Pack it again with --key FILE.",
    );
  return { variants: packed, warnings };
}

function refusal(what: string, cause: unknown): SelvedgeError {
  const message = `${what} Pack it with --images auto or never.`;
  return new SelvedgeError("model-unsupported", message, { cause });
}

async function openWorkshop(): Promise<Workshop> {
  const runtime = await openImageRuntime();
  const bare = await writeBareImage(runtime);
  return { runtime, bare, bareFile: packBareImage(bare) };
}

function requireLess(bytes: number, { runtime }: Workshop, { split }: PackedVariant): void {
  const instead = runtime.packedBytes() + storedBytes(split);
  if (bytes >= instead)
    throw new Error(`it would take ${bytes} bytes to download, and runtime and model ${instead}`);
}

async function packImage(
  { runtime, bare, bareFile }: Workshop,
  variant: PackedVariant,
  golden: readonly Golden[],
): Promise<{ image: PackedImage; bytes: number }> {
  const { split } = variant;
  const inputs = golden
    .filter((item) => item.role !== "probe" && variant.excused?.includes(item) !== true)
    .map((item) => item.inputs);
  const [first] = inputs;
  if (first === undefined) throw new Error("it has no golden inputs");
  const weights = new Map(split.tensors.map(({ sha256, bytes }) => [sha256, bytes]));
  const source = { graph: split.graph, weights };
  const difference = await writeImage(runtime, { bare, source, inputs: first });
  const wrong = await checkWoken(runtime, { bare, difference, source, inputs });
  if (wrong !== undefined) throw new Error(`once woken, ${wrong}`);
  const differenceFile = packDifference(difference);
  const { version, wasm, glue } = runtime;
  return {
    image: {
      format: 1,
      runtime: { version, wasm, glue: glue.sha256 },
      madeOn: { host: "node", architecture: architecture() },
      // As in the key of a device's own image of a session that was created with nothing else.
      settings: { backend: "wasm" },
      bare: bareFile,
      difference: differenceFile,
    },
    bytes: bareFile.packed.length + differenceFile.packed.length + RUN_ONLY_BYTES,
  };
}

/** Why there can be no image of a variant, or is no use in trying. */
function obstacle(variant: PackedVariant, images: ImageChoice): string | undefined {
  if (!runsInOnnx(variant)) return "images are of onnxruntime's sessions on WASM";
  if (architecture() !== TESTED)
    return `images are made on ${TESTED} processors, which is what they were tested on`;
  const isInFiles = variant.split.tensors.some(({ range }) => range !== undefined);
  if (isInFiles || storedBytes(variant.split) > LARGEST_MODEL_BYTES[images])
    return "the model is too large for that to save anything";
  return undefined;
}

function runsInOnnx({ engine, backends }: PackedVariant): boolean {
  return engine === "onnx" && backends.includes("wasm");
}
