import { expect, test, vi } from "vitest";
import { eventually } from "../eventually.fixture.ts";
import type { RuntimeStarted } from "../worker/engine-api.ts";
import { RuntimeShelf } from "./runtime-shelf.ts";

const EMPTY_WASM = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const compiled = (): RuntimeStarted => ({
  module: new WebAssembly.Module(EMPTY_WASM),
  compileMs: 1,
  importMs: 1,
  scriptAt: 1,
});

/** A start that a test ends itself. */
function controlled() {
  const calls: ((end: RuntimeStarted | Error) => void)[] = [];
  const start = vi.fn(
    (_module: WebAssembly.Module | undefined) =>
      new Promise<RuntimeStarted>((resolve, reject) => {
        calls.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
      }),
  );
  return { start, end: (index: number, how: RuntimeStarted | Error) => calls[index]?.(how) };
}

test("the first compiles; those that come meanwhile, and later, are given its Module", async () => {
  const shelf = new RuntimeShelf();
  expect(shelf.isStocked).toBe(false);
  const first = controlled();
  const second = controlled();
  const compiling = shelf.start("wasm", first.start);
  const waiting = shelf.start("wasm", second.start);
  expect(first.start).toHaveBeenCalledWith(undefined);
  expect(second.start).not.toHaveBeenCalled();
  expect(shelf.isStocked).toBe(true);
  const runtime = compiled();
  first.end(0, runtime);
  await compiling;
  await eventually(() => expect(second.start).toHaveBeenCalledWith(runtime.module));
  second.end(0, runtime);
  await waiting;
  const third = controlled();
  void shelf.start("wasm", third.start);
  await eventually(() => expect(third.start).toHaveBeenCalledWith(runtime.module));
});

test("each backend has a Module of its own", async () => {
  const shelf = new RuntimeShelf();
  await shelf.start("wasm", async () => compiled());
  const other = controlled();
  void shelf.start("webgpu", other.start);
  expect(other.start).toHaveBeenCalledWith(undefined);
});

test("where the first fails, the next compiles for itself and for those behind it", async () => {
  const shelf = new RuntimeShelf();
  const [first, second, third] = [controlled(), controlled(), controlled()];
  const failing = shelf.start("wasm", first.start);
  const retrying = shelf.start("wasm", second.start);
  const waiting = shelf.start("wasm", third.start);
  first.end(0, new Error("404"));
  await expect(failing).rejects.toThrow("404");
  await eventually(() => expect(second.start).toHaveBeenCalledWith(undefined));
  expect(third.start).not.toHaveBeenCalled();
  const runtime = compiled();
  second.end(0, runtime);
  expect(await retrying).toBe(runtime);
  await eventually(() => expect(third.start).toHaveBeenCalledExactlyOnceWith(runtime.module));
  third.end(0, runtime);
  await waiting;
});

test("where the first is given up for another runtime, it is no failure, and the next compiles", async () => {
  const shelf = new RuntimeShelf();
  const second = controlled();
  const first = shelf.start("onnx on wasm", async () => ({
    compileMs: 2,
    importMs: 2,
    scriptAt: 2,
  }));
  const waiting = shelf.start("onnx on wasm", second.start);
  expect(await first).toEqual({ compileMs: 2, importMs: 2, scriptAt: 2 });
  await eventually(() => expect(second.start).toHaveBeenCalledWith(undefined));
  const runtime = compiled();
  second.end(0, runtime);
  expect(await waiting).toBe(runtime);
});

test("a failure is not kept: a later start compiles anew", async () => {
  const shelf = new RuntimeShelf();
  await expect(
    shelf.start("wasm", async () => {
      throw new Error("404");
    }),
  ).rejects.toThrow("404");
  const later = controlled();
  void shelf.start("wasm", later.start);
  expect(later.start).toHaveBeenCalledWith(undefined);
});
