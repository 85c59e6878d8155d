// Between unmodified onnxruntime-web and its glue, as the SDK's own shim is: passes on a Module that has
// been compiled already, and where there is an image, wakes that instead of starting anew.
import { restore } from "@selvedge/protocol";

const BYTES_IN_PAGE = 65_536;

/**
 * Set before the first session is asked for; `memory`, `exports` and `runtime` are there after it.
 *
 * @type {Record<string, any>}
 */
export const host = {};

export default async function glueWithModule(config) {
  const { default: glue } = await import(host.glue);
  const { asleep } = host;
  const runtime = await new Promise((resolve, reject) => {
    const instantiateWasm = (imports, received) => {
      const start = async () => {
        host.memory = memoryOf(imports);
        if (asleep !== undefined) fill(host.memory, asleep);
        const { exports } = await WebAssembly.instantiate(host.module, imports);
        host.exports = exports;
        received(
          { exports: asleep === undefined ? exports : awoken(exports, asleep) },
          host.module,
        );
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
  if (asleep !== undefined) wake(runtime, asleep);
  return runtime;
}

function memoryOf(imports) {
  const { module, name } = host.facts.memory;
  return imports[module][name];
}

/** Before the wasm is instantiated: its start function then finds its data in place. */
function fill(memory, { head, pages }) {
  const missing = head.memoryBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / BYTES_IN_PAGE);
  restore(memory.buffer, head, pages);
}

function awoken(exports, { head }) {
  const { facts } = host;
  for (const [name, value] of Object.entries(head.globals))
    exports[name].value = typeof value === "string" ? BigInt(value) : value;
  // What the runtime runs in is for the host to say: this thread is not a page's own, and may wait.
  exports[facts.host.isMainThread].value = 0;
  exports[facts.host.mayWait].value = 1;
  if (exports[facts.table].length !== head.tableLength)
    throw new Error("The wasm's function table is not the image's.");
  return { ...exports, [facts.constructors]: () => undefined };
}

/** Lets the first session that is asked for be the one that is there already. */
function wake(runtime, { head }) {
  // The memory has grown behind the glue's back.
  runtime.getValue(0, "i8");
  runtime._OrtInit = () => 0;
  const create = runtime._OrtCreateSession;
  runtime._OrtCreateSession = () => {
    runtime._OrtCreateSession = create;
    host.session = head.session;
    return head.session;
  };
}
