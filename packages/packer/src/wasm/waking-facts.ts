import type { WakingFacts } from "@selvedge/protocol";
import { requirePassiveData } from "./data-segments.ts";
import { globalName } from "./export-globals.ts";
import {
  definedIn,
  endOfLocals,
  importsOf,
  readBodies,
  readExports,
  readGlobals,
  readImports,
  type WasmExport,
} from "./module-parts.ts";
import { readSections, SECTION, type Section } from "./sections.ts";
import { WasmReader } from "./wasm-bytes.ts";

/** JavaScript's names, minified ones too. */
const NAME = "([\\w$]+)";

const LOCAL_GET = 0x20;
const GLOBAL_SET = 0x24;

/**
 * Finds out how a runtime can be written down and restored, from its wasm and Emscripten's glue. Names
 * are minified anew with each release, so that nothing is taken for granted: what is not found, or is
 * found twice, is an error.
 *
 * @throws RangeError saying which assumption does not hold.
 */
export function findWakingFacts(wasm: Uint8Array, glue: string): WakingFacts {
  const sections = readSections(wasm);
  const parts = new Parts(sections);
  if (!sections.some(({ id }) => id === SECTION.start))
    throw new RangeError("the wasm has no start function, which fills in its data");
  requirePassiveData(sections);
  if (importsOf(sections, "global") > 0)
    throw new RangeError("the wasm has globals that are not its own");
  // `function initRuntime() { …; isPthread ? startWorker() : wasmExports.__wasm_call_ctors() }`
  const [, exportsObject = ""] = once(glue, `${NAME}=${NAME}\\.exports`, "the exports");
  const escaped = exportsObject.replaceAll("$", "\\$");
  const initRuntime = `\\?${NAME}\\(\\):${escaped}\\.${NAME}\\(\\)`;
  const [, , constructors = ""] = once(glue, initRuntime, "the constructors");
  // `_emscripten_thread_init(tb >>> 0, !isWorker, 1, !isWindow, 131072, false)`
  const [, threadInit = ""] = once(
    glue,
    `${NAME}\\(${NAME}>>>0,!${NAME},1,!${NAME},\\d+,!1\\)`,
    "what initialises the main thread",
  );
  const ofThread = parts.setsFromLocals(exportOf(glue, threadInit));
  // `_emscripten_stack_set_limits(base, base - size); stackRestore(base)`
  const [, setLimits = "", , , , restore = ""] = once(
    glue,
    `${NAME}\\(${NAME},${NAME}-${NAME}\\);?,?${NAME}\\(\\2\\)`,
    "the stack's limits",
  );
  const limits = parts.setsFromLocals(exportOf(glue, setLimits));
  const pointer = parts.setsFromLocals(exportOf(glue, restore));
  const [memory, ...others] = readImports(sections).filter(({ kind }) => kind === "memory");
  if (memory === undefined || others.length > 0)
    throw new RangeError("the wasm does not import one memory");
  const table = parts.only("table").name;
  // What nobody can see from outside is in no image.
  if (definedIn(sections, SECTION.memory) > 0)
    throw new RangeError("the wasm has a memory of its own");
  if (importsOf(sections, "table") + definedIn(sections, SECTION.table) > 1)
    throw new RangeError("the wasm has a table that it does not export");
  return {
    memory: { module: memory.module, name: memory.name },
    constructors: parts.function(constructors).name,
    table,
    globals: readGlobals(sections)
      .filter(({ isMutable }) => isMutable)
      .map(({ index }) => globalName(index)),
    host: { isMainThread: given(ofThread, 1), mayWait: given(ofThread, 3) },
    stackEnd: given(limits, 1),
    stackPointer: given(pointer, 0),
  };
}

/** What a wasm exports and defines, to be asked by name. */
class Parts {
  readonly #exports: readonly WasmExport[];
  readonly #bodies: readonly Uint8Array[];
  readonly #importedFunctions: number;

  constructor(sections: readonly Section[]) {
    this.#exports = readExports(sections);
    this.#bodies = readBodies(sections);
    this.#importedFunctions = importsOf(sections, "function");
  }

  function(name: string): WasmExport {
    const found = this.#exports.find((one) => one.name === name && one.kind === "function");
    if (found === undefined) throw new RangeError(`the wasm exports no function "${name}"`);
    return found;
  }

  only(kind: WasmExport["kind"]): WasmExport {
    const [found, ...others] = this.#exports.filter((one) => one.kind === kind);
    if (found === undefined || others.length > 0)
      throw new RangeError(`the wasm does not export one ${kind}`);
    return found;
  }

  /** Which global a small function puts each of its parameters in, where it begins with that. */
  setsFromLocals(name: string): ReadonlyMap<number, string> {
    const body = this.#bodies[this.function(name).index - this.#importedFunctions];
    const sets = new Map<number, string>();
    if (body === undefined) return sets;
    const reader = new WasmReader(body, endOfLocals(body));
    while (!reader.isAtEnd && reader.byte() === LOCAL_GET) {
      const local = reader.u32();
      if (reader.byte() !== GLOBAL_SET) break;
      sets.set(local, globalName(reader.u32()));
    }
    return sets;
  }
}

/** The export behind a variable of the glue: `variable = exports.name`. */
function exportOf(glue: string, variable: string): string {
  const escaped = variable.replaceAll("$", "\\$");
  return (
    once(glue, `[;,{\\n]${escaped}=${NAME}\\.${NAME}(?=[;,])`, `the export "${variable}"`)[2] ?? ""
  );
}

function given(sets: ReadonlyMap<number, string>, parameter: number): string {
  const global = sets.get(parameter);
  if (global === undefined)
    throw new RangeError(`a function does not keep its parameter ${parameter} in a global`);
  return global;
}

function once(glue: string, pattern: string, what: string): readonly string[] {
  const [found, ...others] = [...glue.matchAll(new RegExp(pattern, "g"))];
  if (found === undefined) throw new RangeError(`the glue does not show ${what}`);
  if (others.length > 0) throw new RangeError(`the glue shows ${what} more than once`);
  return found;
}
