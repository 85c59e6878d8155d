import { beforeEach, expect, test } from "vitest";
import type { EngineName, RuntimeRequest } from "../worker/engine-api.ts";
import type { EngineRuntime } from "./engine-session.ts";
import { RuntimeLoader } from "./runtime-loader.ts";

const EMPTY_WASM = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const START: RuntimeRequest = { assets: "https://a.test/", build: "wasm", engine: "onnx" };

interface Loading {
  readonly request: RuntimeRequest;
  readonly signal: AbortSignal;
  end(how?: Error): void;
}

/** What was begun to load, by engine; a test ends it. */
let loads: Partial<Record<EngineName, Loading>>;
let loader: RuntimeLoader;

function runtime(compileMs: number): EngineRuntime {
  return {
    module: new WebAssembly.Module(EMPTY_WASM),
    compileMs,
    bytes: compileMs * 1000,
    importMs: 3,
    createSession: async () => ({ run: async (inputs) => inputs, release: async () => undefined }),
  };
}

beforeEach(() => {
  loads = {};
  const pending = (engine: EngineName) => (request: RuntimeRequest, signal: AbortSignal) =>
    new Promise<EngineRuntime>((resolve, reject) => {
      const end = (how?: Error) =>
        how === undefined ? resolve(runtime(engine === "onnx" ? 1 : 2)) : reject(how);
      loads[engine] = { request, signal, end };
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  loader = new RuntimeLoader(undefined, { onnx: pending("onnx"), tfjs: pending("tfjs") });
});

test("the usual runtime is loaded at once, and serves a pack that needs it", async () => {
  const started = loader.start(START);
  expect(loads).toHaveProperty("onnx");
  const needed = loader.need("onnx");
  loads.onnx?.end();
  expect((await started).module).toBe((await needed).module);
  expect(loads.onnx?.signal.aborted).toBe(false);
});

test("what has been loaded adds up in memory, and what has not counts for nothing", async () => {
  const needed = loader.need("onnx");
  void loader.start(START);
  expect(loader.bytes).toBe(0);
  await expect.poll(() => loads.onnx).toBeDefined();
  loads.onnx?.end();
  await needed;
  expect(loader.bytes).toBe(1000);
  const other = loader.need("tfjs");
  await expect.poll(() => loads.tfjs).toBeDefined();
  loads.tfjs?.end();
  await other;
  expect(loader.bytes).toBe(3000);
});

test("another runtime than the pack needs is given up, and leaves no Module", async () => {
  const started = loader.start(START);
  const needed = loader.need("tfjs");
  await expect.poll(() => loads.tfjs).toBeDefined();
  expect(loads.onnx?.signal.aborted).toBe(true);
  loads.tfjs?.end();
  expect(await needed).toMatchObject({ compileMs: 2, importMs: 3 });
  expect(await started).toEqual({ compileMs: 2, importMs: 3 });
});

test("a pack that is opened before the start has its runtime loaded by it, and no other", async () => {
  const needed = loader.need("tfjs");
  const started = loader.start({ ...START, module: new WebAssembly.Module(EMPTY_WASM) });
  expect(loads).not.toHaveProperty("onnx");
  // The Module that came along is one of onnxruntime-web.
  expect(loads.tfjs?.request).not.toHaveProperty("module");
  loads.tfjs?.end();
  expect(await needed).toMatchObject({ compileMs: 2, importMs: 3 });
  expect(await started).toEqual({ compileMs: 2, importMs: 3 });
});

test("a restart asks for what it needs, and hands its Module on", async () => {
  const module = new WebAssembly.Module(EMPTY_WASM);
  const started = loader.start({ ...START, engine: "tfjs", module });
  expect(loads.tfjs?.request.module).toBe(module);
  loads.tfjs?.end();
  expect((await started).module).toBeDefined();
});

test("a runtime that is needed and does not load fails the start", async () => {
  const started = loader.start(START);
  loads.onnx?.end(new Error("404"));
  await expect(started).rejects.toThrow("404");
  await expect(loader.need("onnx")).rejects.toThrow("404");
});

test("where the other one does not load either, its failure is told", async () => {
  const started = loader.start(START);
  const needed = loader.need("tfjs");
  await expect.poll(() => loads.tfjs).toBeDefined();
  loads.tfjs?.end(new Error("no tfjs"));
  await expect(needed).rejects.toThrow("no tfjs");
  await expect(started).rejects.toThrow("no tfjs");
});
