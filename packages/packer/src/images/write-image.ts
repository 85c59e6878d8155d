import {
  type BareImage,
  differenceFrom,
  digestPages,
  IMAGE_FORMAT,
  type ImageDifference,
  type ShippedHead,
  sha256,
  snapshot,
} from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import type { ImageRuntime } from "./image-runtime.ts";
import { type ImageSource, ImageThread } from "./image-thread.ts";

/** Writes down the runtime by itself, which is where all images of it start from. */
export async function writeBareImage(runtime: ImageRuntime): Promise<BareImage> {
  return await ImageThread.with(runtime, undefined, async (thread) => {
    await thread.initialise();
    const { memory, memoryBytes } = await thread.writeDown();
    return { memoryBytes, ...snapshot(memory) };
  });
}

/**
 * Creates a session of a model, runs golden inputs, and writes down what became of the runtime. Nothing
 * of it says where or when it was made, so that the same model gives the same image.
 *
 * @throws Error in the runtime's words where it refuses the model or the inputs.
 */
export async function writeImage(
  runtime: ImageRuntime,
  {
    bare,
    source,
    inputs,
  }: {
    readonly bare: BareImage;
    readonly source: ImageSource;
    readonly inputs: readonly NamedTensor[];
  },
): Promise<ImageDifference> {
  return await ImageThread.with(runtime, undefined, async (thread) => {
    await thread.create(source);
    const answers = await digestsOf(await thread.run(inputs));
    const { memory, session, ...state } = await thread.writeDown();
    const { runs, pages } = snapshot(memory);
    const { changed, pages: differing } = differenceFrom(bare, memory);
    const head: ShippedHead = {
      format: IMAGE_FORMAT,
      ...state,
      runs,
      session,
      sha256: await digestPages(pages),
      answers,
      changed,
    };
    return { head, pages: differing };
  });
}

/** What tensors are, to the bit, by name. */
export async function digestsOf(tensors: readonly NamedTensor[]): Promise<ShippedHead["answers"]> {
  const digests = await Promise.all(
    tensors.map(async ({ name, dtype, dims, bytes }) => {
      return [name, { dtype, dims, sha256: await sha256(bytes) }] as const;
    }),
  );
  return Object.fromEntries(digests);
}
