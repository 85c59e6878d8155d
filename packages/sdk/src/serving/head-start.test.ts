import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ImageAt, WakeStep } from "../worker/engine-api.ts";
import { headStartOf } from "./head-start.ts";
import { stubLocalStorage } from "./local-storage.fixture.ts";
import { loadHint, storedHint, wakeHint } from "./wake-hint.ts";
import { wasmHint } from "./wasm-hint.ts";

const RUN = { file: "ort.run-01.wasm", sha256: "0a".repeat(32) };
const LOAD = { file: "ort.load-02.wasm", sha256: "0b".repeat(32) };
const IMAGE: ImageAt = { key: "0c".repeat(32), place: "opfs", bytes: 8192 };
const assets = "https://assets.test/";

beforeEach(() => {
  stubLocalStorage();
  wasmHint.note("run", RUN);
  wasmHint.note("load", LOAD);
});

afterEach(() => vi.unstubAllGlobals());

const begun = (mayWake = true, options = {}, mayShip = false) =>
  headStartOf("ocr", options, { assets, mayWake, mayShip });

test.each<[how: string, step: WakeStep, headStart: object]>([
  ["woke in what only runs", "run", { wasm: RUN, image: IMAGE }],
  ["woke in all of the runtime", "full", { image: IMAGE }],
  ["was loaded", "none", { wasm: LOAD }],
])("of a model that %s, it is what that takes", (_, step, headStart) => {
  wakeHint.note("ocr", step, IMAGE);
  expect(begun()).toEqual({ assets, ...headStart });
});

test("where nothing may be woken, no image is read", () => {
  wakeHint.note("ocr", "run", IMAGE);
  expect(begun(false)).toEqual({ assets, wasm: LOAD });
});

test("what needs all of the runtime begins with no part of it", () => {
  loadHint.noteFull("ocr");
  expect(begun()).toEqual({ assets });
});

test("a first visit that may wake begins with what only runs, and one that knows its pack does not", () => {
  expect(begun(true, {}, true)).toEqual({ assets, wasm: RUN });
  expect(begun(false, {}, true)).toEqual({ assets, wasm: LOAD });
  storedHint.note("ocr");
  expect(begun(true, {}, true)).toEqual({ assets, wasm: LOAD });
});

test("where no engine has ever started, the host is asked which runtimes it has", () => {
  stubLocalStorage();
  expect([begun(), begun(true, {}, true)]).toEqual([
    { assets, isNew: true },
    { assets, isNew: true },
  ]);
  wakeHint.note("ocr", "run", IMAGE);
  expect(begun()).toEqual({ assets, image: IMAGE });
});

test("what may start elsewhere than on WASM begins with nothing", () => {
  wakeHint.note("ocr", "run", IMAGE);
  expect(begun(true, { backend: ["webgpu", "wasm"] })).toBeUndefined();
  expect(begun(true, { backend: "wasm" })).toEqual({ assets, wasm: RUN, image: IMAGE });
});
