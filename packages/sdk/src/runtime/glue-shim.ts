/**
 * onnxruntime-web imports its glue by URL and lets the glue fetch and compile the wasm. Hosted beside
 * the glue and imported in its place, this module passes on a Module that has been compiled already, and
 * where there is an image of an engine, wakes that instead of starting anew. A module is evaluated once
 * per URL, so what the engine worker sets here is what onnxruntime sees.
 */

type GlueConfig = Record<string, unknown>;

/** What the glue makes, as far as it is used here. */
export interface Glue {
  /** Reads a value; the views of the memory are made anew where that has grown. */
  getValue(address: number, type: "i8"): number;
  stackSave(): number;
  _malloc(bytes: number): number;
  _free(address: number): void;
  _OrtInit(threads: number, logLevel: number): number | Promise<number>;
  _OrtCreateSession(...model: number[]): number | Promise<number>;
}

/** An engine that was written down, as far as it has to be known to go on from there. */
export interface Asleep {
  /** What the memory has to be, in bytes. */
  readonly memoryBytes: number;
  /** Fills a memory that is zero. */
  readonly fill: (memory: WebAssembly.Memory) => void;
  /** Values of the mutable globals, by the names they are exported under. */
  readonly globals: Readonly<Record<string, number | bigint>>;
  /** The export that runs constructors, which have run. */
  readonly constructors: string;
  /** Elements of the function table, whose export is `table`. */
  readonly tableLength: number;
  readonly table: string;
  /** The session's handle. */
  readonly session: number;
}

/** Set by the engine worker before it creates the first session. */
export const host: {
  glue: ((config: GlueConfig) => Promise<Glue>) | undefined;
  compiled: Promise<WebAssembly.Module> | undefined;
  /** What the first session is woken from, in place of being created. */
  asleep: Promise<Asleep> | undefined;
  /** What the glue made for the wasm, from the first session on: every build imports it. */
  memory: WebAssembly.Memory | undefined;
  /** What the wasm exports, from the first session on. */
  exports: WebAssembly.Exports | undefined;
  /** What the glue made, from the first session on. */
  runtime: Glue | undefined;
  /** The handle of the session that was created last, or woken. */
  session: number;
} = {
  glue: undefined,
  compiled: undefined,
  asleep: undefined,
  memory: undefined,
  exports: undefined,
  runtime: undefined,
  session: 0,
};

const BYTES_IN_PAGE = 65_536;

export default async function glueWithModule(config: GlueConfig): Promise<Glue> {
  const { glue, compiled, asleep } = host;
  if (glue === undefined || compiled === undefined)
    throw new Error("The glue shim was imported before the engine worker set it up.");
  const image = await asleep;
  const runtime = await new Promise<Glue>((resolve, reject) => {
    const instantiateWasm = (
      imports: WebAssembly.Imports,
      received: (
        instance: { readonly exports: WebAssembly.Exports },
        module: WebAssembly.Module,
      ) => void,
    ): object => {
      host.memory = Object.values(imports)
        .flatMap((group) => Object.values(group))
        .find((value) => value instanceof WebAssembly.Memory);
      const start = async () => {
        if (image !== undefined) fill(image, host.memory);
        const module = await compiled;
        const { exports } = await WebAssembly.instantiate(module, imports);
        host.exports = exports;
        received({ exports: image === undefined ? exports : awoken(image, exports) }, module);
      };
      start().catch(reject);
      return {};
    };
    glue({ ...config, instantiateWasm }).then(resolve, reject);
  });
  host.runtime = runtime;
  const create = runtime._OrtCreateSession;
  runtime._OrtCreateSession = async (...model) => {
    host.session = await create(...model);
    return host.session;
  };
  if (image !== undefined) wake(runtime, image);
  return runtime;
}

/** Lets the first session that is asked for be the one that is there already. */
function wake(runtime: Glue, { session }: Asleep): void {
  // The memory has grown behind the glue's back.
  runtime.getValue(0, "i8");
  runtime._OrtInit = () => 0;
  const create = runtime._OrtCreateSession;
  runtime._OrtCreateSession = () => {
    runtime._OrtCreateSession = create;
    host.session = session;
    return session;
  };
}

/** Before the wasm is instantiated: its start function then finds its data in place. */
function fill({ memoryBytes, fill }: Asleep, memory: WebAssembly.Memory | undefined): void {
  if (memory === undefined) throw new Error("The runtime has no memory to restore.");
  const missing = memoryBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / BYTES_IN_PAGE);
  fill(memory);
}

/** @throws Error where the wasm is another than the image's: nothing of it has run then. */
function awoken(
  { globals, constructors, table, tableLength }: Asleep,
  exports: WebAssembly.Exports,
): WebAssembly.Exports {
  for (const [name, value] of Object.entries(globals)) {
    const global = exports[name];
    if (!(global instanceof WebAssembly.Global))
      throw new Error(`The wasm does not export the global ${name} of the image.`);
    global.value = value;
  }
  const functions = exports[table];
  if (!(functions instanceof WebAssembly.Table) || functions.length !== tableLength)
    throw new Error("The wasm's function table is not the image's.");
  return { ...exports, [constructors]: () => undefined };
}
