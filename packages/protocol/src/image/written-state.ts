import type { ImageHead } from "./memory-image.ts";
import type { WakingFacts } from "./runtime-index.ts";
import { scrub } from "./scrub.ts";
import type { AsleepRuntime, GlueHost } from "./start-glue.ts";

/** What an image holds of a runtime besides its memory. */
export type WrittenState = Pick<ImageHead, "memoryBytes" | "tableLength" | "globals">;

/**
 * Zeroes what a runtime no longer uses, and reads what is not in its memory. It has to be at rest, and to
 * have run nothing but golden inputs.
 *
 * @returns its memory, which is written down next
 * @throws Error where the runtime is not as its facts say
 */
export function scrubbedState(
  { memory, exports, runtime }: Pick<GlueHost, "memory" | "exports" | "runtime">,
  facts: WakingFacts,
): { readonly memory: ArrayBufferLike; readonly state: WrittenState } {
  if (memory === undefined || exports === undefined || runtime === undefined)
    throw new Error("the runtime has not started yet");
  const table = exports[facts.table];
  if (!(table instanceof WebAssembly.Table)) throw new Error("the runtime has no function table");
  const read = (name: string) => globalOf(exports, name).value;
  const { _malloc: malloc, _free: free } = runtime;
  const stack = {
    end: Number(read(facts.stackEnd)),
    pointer: Number(read(facts.stackPointer)),
  };
  scrub({ memory, malloc, free, stack });
  const { isMainThread, mayWait } = facts.host;
  const kept = facts.globals.filter((name) => name !== isMainThread && name !== mayWait);
  return {
    memory: memory.buffer,
    state: {
      memoryBytes: memory.buffer.byteLength,
      tableLength: table.length,
      globals: Object.fromEntries(kept.map((name) => [name, written(read(name))])),
    },
  };
}

/**
 * What has to be known to go on from an image, its pages aside. What the runtime runs in is for the host to
 * say, and never for an image, which may come from elsewhere: no page's own thread, and one that may wait.
 *
 * @throws Error where the image has other globals than the runtime
 */
export function asleepFrom(
  head: WrittenState & Pick<ImageHead, "session">,
  facts: WakingFacts,
): Omit<AsleepRuntime, "fill"> {
  const globals = new Map(
    Object.entries(head.globals).map(([name, value]): [string, number | bigint] => [
      name,
      typeof value === "string" ? BigInt(value) : value,
    ]),
  );
  globals.set(facts.host.isMainThread, 0);
  globals.set(facts.host.mayWait, 1);
  const missing = facts.globals.filter((name) => !globals.has(name));
  if (missing.length > 0 || globals.size !== facts.globals.length)
    throw new Error("the image has other globals than the runtime");
  return {
    memoryBytes: head.memoryBytes,
    globals: Object.fromEntries(globals),
    constructors: facts.constructors,
    table: facts.table,
    tableLength: head.tableLength,
    session: head.session,
  };
}

function globalOf(exports: Readonly<Record<string, unknown>>, name: string): WebAssembly.Global {
  const global = exports[name];
  if (global instanceof WebAssembly.Global) return global;
  throw new Error(`the wasm does not export its global ${name}`);
}

/** JSON has no numbers of 64 bits. */
function written(value: unknown): number | string {
  return typeof value === "bigint" ? value.toString() : Number(value);
}
