import { type BareImage, type ImageDifference, putTogether } from "@selvedge/protocol";
import type { NamedTensor } from "../named-tensor.ts";
import { openSession } from "../runtime/onnx-runtime.ts";
import type { ImageRuntime } from "./image-runtime.ts";
import { type ImageSource, ImageThread } from "./image-thread.ts";
import { digestsOf } from "./write-image.ts";

/** What an image is checked with. */
export interface WakingCheck {
  readonly bare: BareImage;
  readonly difference: ImageDifference;
  /** The model that it is an image of. */
  readonly source: ImageSource;
  /** Golden inputs, those first that it answered when it was made. */
  readonly inputs: readonly (readonly NamedTensor[])[];
}

/**
 * Wakes an image in a thread of its own, and holds every answer to golden inputs, bit for bit, against that
 * of a session that was created as usual; the first also against what was written down of it.
 *
 * @returns what differs; `undefined` where nothing does
 * @throws Error in the runtime's words; SelvedgeError `integrity` where the image is not what it was
 */
export async function checkWoken(
  runtime: ImageRuntime,
  { bare, difference, source, inputs }: WakingCheck,
): Promise<string | undefined> {
  const { head } = difference;
  const pages = await putTogether(bare, difference);
  const woken = await ImageThread.with(runtime, { head, pages }, async (thread) => {
    await thread.wake();
    return await answersTo(inputs, (given) => thread.run(given));
  });
  if (woken[0] !== JSON.stringify(head.answers))
    return "it does not answer as it did when it was made";
  const session = await openSession(source);
  try {
    const usual = await answersTo(inputs, (given) => session.run(given));
    const other = usual.findIndex((answers, index) => answers !== woken[index]);
    return other < 0 ? undefined : `it answers golden inputs ${other} otherwise than the model`;
  } finally {
    await session.close();
  }
}

async function answersTo(
  inputs: readonly (readonly NamedTensor[])[],
  run: (inputs: readonly NamedTensor[]) => Promise<NamedTensor[]>,
): Promise<string[]> {
  const answers: string[] = [];
  for (const given of inputs) answers.push(JSON.stringify(await digestsOf(await run(given))));
  return answers;
}
