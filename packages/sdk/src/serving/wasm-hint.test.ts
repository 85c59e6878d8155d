import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stubLocalStorage } from "./local-storage.fixture.ts";
import { wasmHint } from "./wasm-hint.ts";

const REF = { file: "ort.run-0123.wasm", sha256: "0f".repeat(32) };

beforeEach(stubLocalStorage);

afterEach(() => {
  vi.unstubAllGlobals();
});

test("what only runs and what loads are remembered apart, and forgotten", () => {
  wasmHint.note("run", REF);
  expect([wasmHint.of("run"), wasmHint.of("load")]).toEqual([REF, undefined]);
  wasmHint.note("run", undefined);
  expect(wasmHint.of("run")).toBeUndefined();
});

test("an origin is new until one was noted, or that there is none", () => {
  expect(wasmHint.isNew).toBe(true);
  wasmHint.note("load", undefined);
  expect([wasmHint.isNew, wasmHint.of("load")]).toEqual([false, undefined]);
});

test.each([
  ["no digest", "ort.run-0123.wasm"],
  ["another folder", `../${REF.file} ${REF.sha256}`],
  ["another host", `//elsewhere/${REF.file} ${REF.sha256}`],
  ["no wasm", `ort.mjs ${REF.sha256}`],
])("what someone else wrote there is no hint: %s", (_, text) => {
  localStorage.setItem("selvedge.wasm run", text);
  expect(wasmHint.of("run")).toBeUndefined();
});

test("where the browser refuses, nothing is kept and nothing thrown", () => {
  const refuse = () => {
    throw new DOMException("denied", "SecurityError");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse, removeItem: refuse });
  wasmHint.note("load", REF);
  expect(wasmHint.of("load")).toBeUndefined();
});
