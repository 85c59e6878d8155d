import {
  commitToTensors,
  digestPages,
  encodeStrings,
  formatImageHead,
  type GlueHost,
  IMAGE_FORMAT,
  type ImageHead,
  scrubbedState,
  sha256,
  snapshot,
  type TensorDigest,
  type WakingFacts,
} from "@selvedge/protocol";
import type { Tensor, Tensors } from "../../tensor.ts";

/** An engine that has been written down. */
export interface MadeImage {
  readonly head: string;
  readonly pages: Uint8Array<ArrayBuffer>;
}

/**
 * Copies what a runtime's memory and globals hold, once what was freed has been zeroed. It has to be at
 * rest, and to have run nothing but golden inputs.
 *
 * @param answers what its session answered to the first of them
 * @throws Error where the runtime is not as its facts say
 */
export async function makeImage(
  live: GlueHost,
  { key, answers, facts }: { key: string; answers: Tensors; facts: WakingFacts },
): Promise<MadeImage> {
  const { session } = live;
  if (session === 0) throw new Error("the runtime has no session yet");
  const { memory, state } = scrubbedState(live, facts);
  const { runs, pages } = snapshot(memory);
  const head: ImageHead = {
    format: IMAGE_FORMAT,
    key,
    ...state,
    runs,
    session,
    sha256: await digestPages(pages),
    answers: await commitToAnswers(key, answers),
  };
  return { head: formatImageHead(head), pages };
}

/** What an image's head says of answers: every byte of them counts. */
export async function commitToAnswers(key: string, answers: Tensors): Promise<string> {
  const digests = Object.entries(answers).map(
    async ([name, tensor]): Promise<[string, TensorDigest]> => {
      const { type: dtype, dims } = tensor;
      return [name, { dtype, dims: [...dims], sha256: await sha256(bytesOf(tensor)) }];
    },
  );
  return commitToTensors(key, Object.fromEntries(await Promise.all(digests)));
}

function bytesOf({ data }: Tensor): Uint8Array {
  if (!("buffer" in data)) return encodeStrings(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
