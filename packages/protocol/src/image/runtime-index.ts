/**
 * What lies beside a runtime's files, in `runtimes.json`: which wasm there are, what each is good for, and
 * how a runtime is written down and restored. `selvedge assets` writes it; the SDK reads it.
 */

/** The file's name, in the folder of the runtime's files. It is the one file there that may change. */
export const RUNTIME_INDEX = "runtimes.json";

/** A file of a runtime. */
export interface RuntimeFileRef {
  /** In the folder of the index. Its name changes with its content, where it is not a library's own. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A wasm that holds only the functions which some models call: the others trap. */
export interface FittedWasm extends RuntimeFileRef {
  /** SHA-256 of the full wasm that it was made of: function indices are the same. */
  readonly parent: string;
  /** Digests of the packs that it was fitted to. Others may be served too, and may trap. */
  readonly packs: readonly string[];
  /** How many functions it kept. */
  readonly functions: number;
}

/** What has to be known of a runtime to write it down and to restore it. */
export interface WakingFacts {
  /** The import that memory comes in by. */
  readonly memory: { readonly module: string; readonly name: string };
  /** The export that runs constructors, which must not run again over a restored memory. */
  readonly constructors: string;
  /** The function table's export. */
  readonly table: string;
  /** The mutable globals' exports. */
  readonly globals: readonly string[];
  /** Globals that say what the runtime runs in, which come from there and never from an image. */
  readonly host: { readonly isMainThread: string; readonly mayWait: string };
  /** The global that holds the lowest address of the stack, which grows downwards. */
  readonly stackEnd: string;
  /** The global that holds the stack pointer. */
  readonly stackPointer: string;
}

/** The index of one version of onnxruntime-web. */
export interface RuntimeIndex {
  readonly format: 1;
  /** Of onnxruntime-web. */
  readonly version: string;
  readonly glue: RuntimeFileRef;
  /** All of it, its mutable globals exported where `waking` is present. */
  readonly full: RuntimeFileRef;
  /** Absent where the runtime is not as it was taken to be: nothing is written down, all is loaded. */
  readonly waking?: WakingFacts;
  /** Why `waking` is absent. */
  readonly reason?: string;
  /** Loads models, and runs them. */
  readonly load?: FittedWasm;
  /** Only runs models that were woken: it has no data of its own. */
  readonly run?: FittedWasm;
}
