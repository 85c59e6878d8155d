import { WASM_PAGE_BYTES } from "./memory-image.ts";

type GlueConfig = Record<string, unknown>;

/** What Emscripten's glue makes of onnxruntime, as far as it is used here. */
export interface Glue {
  /** Reads a value; the views of the memory are made anew where that has grown. */
  getValue(address: number, type: "i8"): number;
  _malloc(bytes: number): number;
  _free(address: number): void;
  _OrtInit(threads: number, logLevel: number): number | Promise<number>;
  _OrtCreateSession(...model: number[]): number | Promise<number>;
}

/** A runtime that was written down, as far as it has to be known to go on from there. */
export interface AsleepRuntime {
  /** What the memory has to be, in bytes. */
  readonly memoryBytes: number;
  /** The one that its image was read into: see `memoryAhead`. Absent: `fill` puts it there. */
  readonly memory?: WebAssembly.Memory | undefined;
  /** Fills a memory that is zero, or that `memory` is. */
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

/** A glue that has made its memory, and waits for its wasm. */
interface OpenGlue {
  readonly memory: WebAssembly.Memory | undefined;
  readonly imports: WebAssembly.Imports;
  readonly received: (
    instance: { readonly exports: Readonly<Record<string, unknown>> },
    module: WebAssembly.Module,
  ) => void;
  /** Settles once it has received that. */
  readonly runtime: Promise<Glue>;
}

/** What whoever runs onnxruntime hands to its glue, and finds there from the first session on. */
export interface GlueHost {
  glue: ((config: GlueConfig) => Promise<Glue>) | undefined;
  compiled: Promise<WebAssembly.Module> | undefined;
  /** One whose memory was filled before onnxruntime asked for anything: only what wakes takes it. */
  opened: Promise<OpenGlue> | undefined;
  /** What the first session is woken from, in place of being created. */
  asleep: Promise<AsleepRuntime> | undefined;
  /** What the glue made for the wasm: every build imports it. */
  memory: WebAssembly.Memory | undefined;
  /** What the wasm exports. */
  exports: Readonly<Record<string, unknown>> | undefined;
  /** What the glue made. */
  runtime: Glue | undefined;
  /** The handle of the session that was created last, or woken. */
  session: number;
}

/** A host that nothing has been handed to yet. */
export function emptyGlueHost(): GlueHost {
  return {
    glue: undefined,
    compiled: undefined,
    opened: undefined,
    asleep: undefined,
    memory: undefined,
    exports: undefined,
    runtime: undefined,
    session: 0,
  };
}

/**
 * Stands between unmodified onnxruntime-web and its glue: passes on a Module that has been compiled
 * already, and where there is an image of an engine, wakes that instead of starting anew.
 *
 * @param config what onnxruntime-web gives to its glue
 * @throws Error where the wasm is another than the image's: nothing of it has run then.
 */
export async function startGlue(host: GlueHost, config: GlueConfig): Promise<Glue> {
  const { glue, compiled } = host;
  if (glue === undefined || compiled === undefined)
    throw new Error("The glue shim was imported before its host was set up.");
  const asleep = await host.asleep;
  const ahead = asleep?.memory && (await host.opened);
  host.opened = undefined;
  // What anything else was read into is nobody's memory.
  const opened = ahead?.memory === asleep?.memory ? ahead : undefined;
  const { memory, imports, received, ...begun } = opened ?? (await openGlue(glue, config));
  host.memory = memory;
  if (asleep !== undefined) fill(asleep, memory);
  const module = await compiled;
  const { exports } = await WebAssembly.instantiate(module, imports);
  host.exports = exports;
  received({ exports: asleep === undefined ? exports : awoken(asleep, exports) }, module);
  const runtime = await begun.runtime;
  host.runtime = runtime;
  const create = runtime._OrtCreateSession;
  runtime._OrtCreateSession = async (...model) => {
    host.session = await create(...model);
    return host.session;
  };
  if (asleep !== undefined) wake(host, runtime, asleep);
  return runtime;
}

/**
 * Has the glue make its memory before onnxruntime-web asks for anything, so that what is woken can be read
 * into that.
 *
 * @throws Error where the glue makes none
 */
export async function memoryAhead(host: GlueHost): Promise<WebAssembly.Memory> {
  if (host.glue === undefined) throw new Error("The host has no glue yet.");
  host.opened ??= openGlue(host.glue, { numThreads: 1 });
  const { memory } = await host.opened;
  if (memory === undefined) throw new Error("The runtime has no memory to restore.");
  return memory;
}

/** Starts the glue, as far as that goes without a wasm. */
function openGlue(glue: NonNullable<GlueHost["glue"]>, config: GlueConfig): Promise<OpenGlue> {
  return new Promise((resolve, reject) => {
    const instantiateWasm = (
      imports: WebAssembly.Imports,
      received: OpenGlue["received"],
    ): object => {
      const asked = { memory: memoryIn(imports), imports, received };
      // It may ask before it has returned what it makes.
      void Promise.resolve().then(() => resolve({ ...asked, runtime }));
      return {};
    };
    const runtime = glue({ ...config, instantiateWasm });
    runtime.catch(reject);
  });
}

function memoryIn(imports: WebAssembly.Imports): WebAssembly.Memory | undefined {
  return Object.values(imports)
    .flatMap((group) => Object.values(group))
    .find((value) => value instanceof WebAssembly.Memory);
}

/** Before the wasm is instantiated: its start function then finds its data in place. */
function fill({ memoryBytes, fill }: AsleepRuntime, memory: WebAssembly.Memory | undefined): void {
  if (memory === undefined) throw new Error("The runtime has no memory to restore.");
  const missing = memoryBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / WASM_PAGE_BYTES);
  fill(memory);
}

function awoken(
  { globals, constructors, table, tableLength }: AsleepRuntime,
  exports: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
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

/** Lets the first session that is asked for be the one that is there already. */
function wake(host: GlueHost, runtime: Glue, { session }: AsleepRuntime): void {
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
