import {
  commitToTensors,
  encodeStrings,
  formatImageHead,
  IMAGE_FORMAT,
  type ImageHead,
  scrub,
  sha256,
  snapshot,
  type TensorDigest,
  type WakingFacts,
} from "@selvedge/protocol";
import type { host } from "../../runtime/glue-shim.ts";
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
  { memory, exports, runtime, session }: typeof host,
  { key, answers, facts }: { key: string; answers: Tensors; facts: WakingFacts },
): Promise<MadeImage> {
  if (memory === undefined || exports === undefined || runtime === undefined || session === 0)
    throw new Error("the runtime has no session yet");
  const table = exports[facts.table];
  if (!(table instanceof WebAssembly.Table)) throw new Error("the runtime has no function table");
  const stack = {
    end: Number(globalOf(exports, facts.stackEnd).value),
    pointer: Number(globalOf(exports, facts.stackPointer).value),
  };
  const { _malloc: malloc, _free: free } = runtime;
  scrub({ memory, malloc, free, stack });
  const { runs, pages } = snapshot(memory.buffer);
  const { isMainThread, mayWait } = facts.host;
  const kept = facts.globals.filter((name) => name !== isMainThread && name !== mayWait);
  const head: ImageHead = {
    format: IMAGE_FORMAT,
    key,
    memoryBytes: memory.buffer.byteLength,
    tableLength: table.length,
    globals: Object.fromEntries(
      kept.map((name) => [name, written(globalOf(exports, name).value as number | bigint)]),
    ),
    runs,
    session,
    sha256: await sha256(pages),
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

function globalOf(exports: WebAssembly.Exports, name: string): WebAssembly.Global {
  const global = exports[name];
  if (global instanceof WebAssembly.Global) return global;
  throw new Error(`the wasm does not export its global ${name}`);
}

/** JSON has no numbers of 64 bits. */
function written(value: number | bigint): number | string {
  return typeof value === "bigint" ? value.toString() : value;
}
