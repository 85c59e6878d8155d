import {
  type BlobRef,
  goldenCasesOf,
  type Manifest,
  type ShippedImage,
  type Variant,
} from "@selvedge/protocol";
import { checkWoken } from "../images/check-woken.ts";
import { type ImageRuntime, openImageRuntime } from "../images/image-runtime.ts";
import { readImage } from "../images/read-image.ts";
import { messageOf } from "../message-of.ts";
import { readRange } from "../registry/file-range.ts";
import type { Contents } from "./check-blobs.ts";
import type { Problem } from "./problem.ts";

/**
 * Wakes every image of a version in onnxruntime-web, and holds its answers to all golden inputs, bit for
 * bit, against those of the model.
 *
 * @returns a warning for each that was made for another onnxruntime-web than the one that is here
 */
export async function checkImages(
  manifest: Manifest,
  contents: Contents,
): Promise<{ problems: Problem[]; warnings: string[] }> {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  let runtime: Promise<ImageRuntime> | undefined;
  for (const variant of manifest.variants)
    for (const image of variant.images ?? []) {
      const label = `The image of ${variant.dtype} for onnxruntime-web ${image.runtime.version}`;
      runtime ??= openImageRuntime();
      try {
        const here = await runtime;
        if (here.wasm !== image.runtime.wasm || here.glue.sha256 !== image.runtime.glue) {
          warnings.push(
            `${manifest.version}: ${label} could not be woken: here is ${here.version}. Devices with the runtime it was made for are not affected.`,
          );
          continue;
        }
        const wrong = await wake(here, { manifest, contents, variant, image });
        if (wrong !== undefined) problems.push(problem(`${label}: once woken, ${wrong}`));
      } catch (error) {
        problems.push(problem(`${label} could not be woken: ${messageOf(error)}`));
      }
    }
  return { problems, warnings };
}

async function wake(
  runtime: ImageRuntime,
  {
    manifest,
    contents,
    variant,
    image,
  }: {
    readonly manifest: Manifest;
    readonly contents: Contents;
    readonly variant: Variant;
    readonly image: ShippedImage;
  },
): Promise<string | undefined> {
  const bytesOf = ({ sha256 }: Pick<BlobRef, "sha256">): Uint8Array<ArrayBuffer> => {
    const range = contents.get(sha256);
    return range === undefined ? new Uint8Array() : readRange(range);
  };
  const { graph, tensors } = variant;
  return await checkWoken(runtime, {
    ...(await readImage(image, bytesOf)),
    source: {
      graph: bytesOf(graph),
      weights: new Map(tensors.map((tensor) => [tensor.sha256, bytesOf(tensor)])),
    },
    inputs: goldenCasesOf(manifest, variant).map(({ inputs }) =>
      inputs.map((tensor) => ({ ...tensor, bytes: bytesOf(tensor) })),
    ),
  });
}

function problem(what: string): Problem {
  return {
    part: "image",
    message: `${what.replace(/\s+/g, " ").replace(/\.$/, "")}. Pack the model again under a new version.`,
  };
}
