import { Field } from "../field.ts";
import type { FittedWasm, RuntimeFileRef, RuntimeIndex, WakingFacts } from "./runtime-index.ts";

/**
 * Reads an index of runtimes. What was fitted to another full wasm than the one it names is left out:
 * functions have other numbers there.
 *
 * @throws SelvedgeError `assets-missing`, naming the field.
 */
export function parseRuntimeIndex(text: string): RuntimeIndex {
  const field = Field.fromJson(text, "the index of the runtime's files", "assets-missing");
  if (field.at("format").integer({ min: 0 }) !== 1) field.at("format").fail("1");
  const waking = field.at("waking").optional(facts);
  const reason = field.at("reason").optional((item) => item.text());
  const full = fileRef(field.at("full"));
  const [load, run] = [field.at("load"), field.at("run")].map((item) => {
    const wasm = item.optional(fitted);
    return wasm?.parent === full.sha256 ? wasm : undefined;
  });
  return {
    format: 1,
    version: field.at("version").text(),
    glue: fileRef(field.at("glue")),
    full,
    ...(waking === undefined ? {} : { waking }),
    ...(reason === undefined ? {} : { reason }),
    ...(load === undefined ? {} : { load }),
    ...(run === undefined ? {} : { run }),
  };
}

function fileRef(field: Field): RuntimeFileRef {
  return {
    // It becomes part of a URL that executable code is fetched from.
    file: field.at("file").stringThat(isPlainName, "the plain name of a file"),
    bytes: field.at("bytes").integer({ min: 1 }),
    sha256: field.at("sha256").sha256(),
  };
}

function fitted(field: Field): FittedWasm {
  return {
    ...fileRef(field),
    parent: field.at("parent").sha256(),
    packs: field
      .at("packs")
      .items()
      .map((item) => item.sha256()),
    functions: field.at("functions").integer({ min: 0 }),
  };
}

function facts(field: Field): WakingFacts {
  const [memory, host] = [field.at("memory"), field.at("host")];
  return {
    memory: { module: memory.at("module").text(), name: memory.at("name").text() },
    constructors: field.at("constructors").text(),
    table: field.at("table").text(),
    globals: field
      .at("globals")
      .items()
      .map((item) => item.text()),
    host: {
      isMainThread: host.at("isMainThread").text(),
      mayWait: host.at("mayWait").text(),
    },
    stackEnd: field.at("stackEnd").text(),
    stackPointer: field.at("stackPointer").text(),
  };
}

function isPlainName(name: string): boolean {
  return /^[\w-][\w.-]*$/.test(name);
}
