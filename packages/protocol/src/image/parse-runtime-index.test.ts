import { expect, test } from "vitest";
import { parseRuntimeIndex } from "./parse-runtime-index.ts";
import type { FittedWasm, RuntimeIndex } from "./runtime-index.ts";

const FULL = "ab".repeat(32);

const LOAD: FittedWasm = {
  file: "load.wasm",
  bytes: 100,
  sha256: "cd".repeat(32),
  parent: FULL,
  packs: ["ef".repeat(32)],
  functions: 10,
};

const INDEX: RuntimeIndex = {
  format: 1,
  version: "1.30.0",
  glue: { file: "glue.mjs", bytes: 10, sha256: "01".repeat(32) },
  full: { file: "full.wasm", bytes: 1000, sha256: FULL },
  load: LOAD,
  run: { ...LOAD, file: "run.wasm" },
};

test("an index is read as it was written", () => {
  expect(parseRuntimeIndex(JSON.stringify(INDEX))).toEqual(INDEX);
});

test.each(["load", "run"] as const)(
  "a wasm to %s in that was fitted to another than the full one is left out, and nothing else is",
  (name) => {
    const foreign = { ...LOAD, parent: "23".repeat(32) };
    const { [name]: _, ...rest } = INDEX;
    expect(parseRuntimeIndex(JSON.stringify({ ...INDEX, [name]: foreign }))).toEqual(rest);
  },
);

test.each(["../full.wasm", "https://elsewhere/full.wasm", ".full.wasm"])(
  "%s is no name of a file in the index's folder, and is refused",
  (file) => {
    const text = JSON.stringify({ ...INDEX, full: { ...INDEX.full, file } });
    expect(() => parseRuntimeIndex(text)).toThrow("full.file");
  },
);
