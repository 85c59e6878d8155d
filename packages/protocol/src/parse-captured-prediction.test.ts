import { expect, test } from "vitest";
import { toBase64 } from "./base64.ts";
import { parseCapturedPrediction } from "./parse-captured-prediction.ts";
import { CAPTURE_FORMAT, type CapturedPrediction } from "./prediction-record.ts";
import { SelvedgeError } from "./selvedge-error.ts";

const digest = { dtype: "float32", dims: [1, 2], sha256: "a".repeat(64) } as const;
const data = toBase64(new Uint8Array(new Float32Array([1, 2]).buffer));
const captured: CapturedPrediction = {
  format: CAPTURE_FORMAT,
  record: {
    id: "one",
    at: 1_800_000_000_000,
    model: "lande",
    version: "1.0.0",
    digest: "b".repeat(64),
    dtype: "fp32",
    backend: "wasm",
    build: "wasm",
    settings: { graphOptimizationLevel: "basic", prepacking: false },
    runtime: "onnxruntime-web 1.30.0",
    adapter: "none",
    browser: "chrome 156",
    salt: "c".repeat(32),
    inputs: { x: digest },
    outputs: { y: { ...digest, dtype: "string" } },
    features: { length: 3, colour: null },
    timings: { queueMs: 0, runMs: 1.5, totalMs: 2 },
  },
  inputs: { x: { type: "float32", dims: [1, 2], data } },
  outputs: { y: { type: "string", dims: [2], data: ["a", ""] } },
};

/** The file with something in it changed. */
function changed(path: readonly string[], value: unknown): string {
  const copy = structuredClone(captured) as unknown as Record<string, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path.at(-1) ?? ""] = value;
  return JSON.stringify(copy);
}

test("a captured prediction is read as it was written", () => {
  expect(parseCapturedPrediction(JSON.stringify(captured))).toEqual(captured);
});

test("what the format does not know is left out", () => {
  const read = parseCapturedPrediction(changed(["record", "surprise"], "x"));
  expect(read).toEqual(captured);
});

const WRONG: readonly [path: readonly string[], value: unknown][] = [
  [["format"], "selvedge.prediction/2"],
  [["record", "model"], "../../etc/passwd"],
  [["record", "version"], "../1.0.0"],
  [["record", "digest"], "b".repeat(63)],
  [["record", "at"], "now"],
  [["record", "at"], 1e300],
  [["record", "salt"], ""],
  [["record", "settings"], { graphOptimizationLevel: "most" }],
  [["record", "settings"], { prepacking: 1 }],
  [["record", "features"], { length: -1 }],
  [["record", "timings", "runMs"], -1],
  [["record", "inputs"], []],
  [["inputs", "x", "type"], "float8"],
  [
    ["inputs", "x", "dims"],
    [1, 3],
  ],
  [
    ["inputs", "x", "dims"],
    [2 ** 40, 2 ** 40],
  ],
  [["inputs", "x", "dims"], Array.from({ length: 33 }, () => 1)],
  [["inputs", "x", "data"], "no base64!"],
  [
    ["inputs", "x", "data"],
    [1, 2],
  ],
  [["outputs", "y", "data"], ["a"]],
  [
    ["outputs", "y", "data"],
    ["a", 1],
  ],
  [["outputs"], Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`t${i}`, digest]))],
];

test.each(WRONG)("%j as %j is refused, and named", (path, value) => {
  const parse = () => parseCapturedPrediction(changed(path, value), "capture.json");
  expect(parse).toThrow(SelvedgeError);
  expect(parse).toThrow(/^capture\.json(: [\w.[\]]+)?: expected /);
});

test("a file that is no JSON, or nested without end, is refused by its code", () => {
  for (const text of ["", "<html>", "[".repeat(10_000), `{"format":${"[".repeat(5000)}`])
    expect(() => parseCapturedPrediction(text)).toThrow(
      expect.objectContaining({ code: "capture-invalid" }),
    );
});
