import { SelvedgeError } from "@selvedge/protocol";
import { describe, expect, test } from "vitest";
import { breaksEngine } from "../worker/engine-failure.ts";
import { type Attempt, failureOf } from "./failure-of.ts";

const RUN: Attempt = {
  what: "onnxruntime-web could not run the model on wasm",
  refusal: { code: "run-failed", advice: "Check the inputs." },
  detail: { backend: "wasm" },
};

describe("a failure that leaves its engine unusable is told by its code", () => {
  test.each([
    ["std::bad_alloc", new Error("failed to run: std::bad_alloc"), "out-of-memory"],
    [
      "memory that cannot grow",
      new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded"),
      "out-of-memory",
    ],
    [
      "Emscripten's abort for memory",
      new WebAssembly.RuntimeError("Aborted(OOM)"),
      "out-of-memory",
    ],
    [
      "a buffer that cannot be had",
      new RangeError("Array buffer allocation failed"),
      "out-of-memory",
    ],
    ["a full GPU", new Error("GPUOutOfMemoryError: Out of memory"), "out-of-memory"],
    [
      "onnxruntime's arena",
      new Error("Failed to allocate memory for requested buffer of size 9"),
      "out-of-memory",
    ],
    ["a trap", new WebAssembly.RuntimeError("unreachable"), "engine-crashed"],
    [
      "abort()",
      new WebAssembly.RuntimeError("Aborted(). Build with -sASSERTIONS for more info."),
      "engine-crashed",
    ],
    ["an overflown stack", new RangeError("Maximum call stack size exceeded"), "engine-crashed"],
    ["a C++ exception that nobody caught", 8_903_016, "engine-crashed"],
    ["a GPU that is gone", new Error("WebGPU: [Device] is lost."), "device-lost"],
    [
      "an initialisation that failed",
      new Error("no available backend found. ERR: [wasm] Error: x"),
      "session-failed",
    ],
    [
      "one that failed before",
      new Error("previous call to 'initializeWebAssembly()' failed."),
      "session-failed",
    ],
  ])("%s", (_name, cause, code) => {
    const error = failureOf(cause, RUN);
    expect(error).toMatchObject({ code, detail: { backend: "wasm" } });
    expect(error.message).toContain(RUN.what);
    expect(breaksEngine(error)).toBe(true);
  });
});

describe("a refusal, after which the engine goes on, stays one", () => {
  test.each([
    "ERROR_CODE: 2, ERROR_MESSAGE: Got invalid dimensions for input: x",
    "ERROR_CODE: 1, ERROR_MESSAGE: Non-zero status code returned while running Reshape node",
    "input 'room' is missing in 'feeds'",
  ])("%s", (message) => {
    const error = failureOf(new Error(message), RUN);
    expect(error).toMatchObject({
      code: "run-failed",
      message: `${RUN.what}: ${message}. Check the inputs.`,
    });
    expect(breaksEngine(error)).toBe(false);
  });
});

test("whatever a run says after its device was lost is the loss", () => {
  expect(failureOf(new Error("mapAsync failed"), RUN, true).code).toBe("device-lost");
});

test("what was classified before stays as it is", () => {
  const error = new SelvedgeError("run-failed", "no tensor");
  expect(failureOf(error, RUN)).toBe(error);
});
